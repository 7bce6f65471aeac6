/** Wires over REST, and pings through them. */
import type { Link } from '#api/client.js'
import { duration } from '../text.js'
import { expectThat } from './check.js'
import { type Cable, far, linkOf, near } from './hosts.js'
import { pingThrice } from './ping.js'
import type { Look, Stage } from './stage.js'
import type { Step } from './step.js'

/** The state of a link in words. */
const stateOf = ({ status }: Link): string => {
  switch (status.state) {
    case 'up':
      return 'up'
    case 'down':
      return `down, no carrier at ${status.lostCarrier.join(' and ')}`
    case 'pending':
      return `pending: ${status.reasons.map(({ message }) => message).join('; ')}`
  }
}

const expectUp = (link: Link): void => {
  const state = stateOf(link)
  expectThat(state === 'up', `link ${link.name} up`, state)
}

export const lookAtLinks = async (stage: Stage, count: number): Promise<Look<true>> => {
  const { links } = await stage.client.links()
  const others = links.filter(({ status }) => status.state !== 'up')
  const found = `${links.length} links: ${others.map((link) => `${link.name} ${stateOf(link)}`).join(', ')}`
  return { value: links.length === count && others.length === 0 ? true : undefined, found }
}

const createLink = async (stage: Stage, cable: Cable): Promise<string> => {
  const link = await stage.client.createLink(linkOf(cable), { signal: stage.signal })
  expectUp(link)
  const total = link.receipt?.totalMs
  const took = total === undefined ? '' : `, both ends confirmed after ${duration(total)}`
  const place = cable.a.node === cable.b.node ? '' : `, VNI ${link.vni}`
  const [a, b] = [link.a, link.b].map((end) => `${end.node}:${end.interface}`)
  return `POST /v1/links ${a} ${b}${place}${took}`
}

const ping = async (stage: Stage, { a, b }: Cable): Promise<string> => {
  const ms = await pingThrice(await stage.host(a.host), b.address)
  return `${a.host} to ${b.host}, ${a.node} to ${b.node}: answered, at best in ${ms} ms`
}

export const wireSteps: readonly Step[] = [
  {
    name: 'wire-on-one-node',
    title: 'a wire on one node is made over REST',
    essential: true,
    run: (stage) => createLink(stage, near),
  },
  { name: 'ping-on-one-node', title: 'pings cross it', run: (stage) => ping(stage, near) },
  {
    name: 'wire-across-nodes',
    title: 'a wire across nodes is made over REST',
    essential: true,
    run: (stage) => createLink(stage, far),
  },
  { name: 'ping-across-nodes', title: 'pings cross it', run: (stage) => ping(stage, far) },
]
