/** A lab with a controller as a process and containers on its networks: the ground of the benches of overlay networks. */
import { Client, type EndpointBody } from '#api/client.js'
import { createLab } from '#lab/create-lab.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'
import { startHeddle } from './heddle-process.js'

export interface OverlayFabric {
  readonly lab: Lab
  readonly client: Client
}

/** Runs `work` on a lab of its own whose nodes have joined a controller; the lab is gone afterwards. */
export const onOverlay = async <T>(
  name: string,
  nodes: number,
  restPort: number,
  work: (fabric: OverlayFabric) => Promise<T>,
): Promise<T> => {
  await destroyLab(name)
  const lab = await createLab({ name, nodes })
  try {
    const rest = `${lab.controllerAddress}:${restPort}`
    const stop = await startHeddle(lab, rest, { 'lisp-listen': `${lab.controllerAddress}:4342` })
    try {
      return await work({ lab, client: new Client({ baseUrl: `http://${rest}` }) })
    } finally {
      await stop()
    }
  } finally {
    await lab.destroy()
  }
}

/** Runs a program in a container; it has to succeed. @returns what it printed */
export const inside = async (host: LabHost, command: readonly string[], input?: string): Promise<string> => {
  const { code, stdout, stderr } = await host.exec(command, input === undefined ? {} : { input })
  if (code !== 0) throw new Error(`${host.name}: ${command.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

/** What the underlay of a lab (1,600 bytes) leaves of a packet: both ends of a container's cable have to take it. */
const containerMtu = 1550

/** A container with one interface, `e0`. */
export const makeContainer = ({ lab }: OverlayFabric, name: string, node: string): Promise<LabHost> =>
  lab.addHost({ name, node, interfaces: [{ name: 'e0', mtu: containerMtu }] })

/** An interface of a container as it is once it is attached. */
export interface Attached {
  readonly host: LabHost
  readonly addresses: readonly string[]
}

/** What a CNI plugin does: the endpoint first, then what it says inside. */
export const attach = async (
  { client }: OverlayFabric,
  host: LabHost,
  body: Omit<EndpointBody, 'node' | 'interface'>,
): Promise<Attached> => {
  const at = { node: host.node, interface: host.device('e0') }
  const endpoint = await client.overlay.putEndpoint(at.interface, { ...body, ...at })
  if (endpoint.status.state !== 'up') throw new Error(`${host.name} is ${JSON.stringify(endpoint.status)}`)
  const lines = [
    `link set e0 address ${endpoint.mac} mtu ${endpoint.mtu} up`,
    ...endpoint.addresses.flatMap(({ address, prefixLength, gateway }) => [
      `address add ${address}/${prefixLength} dev e0${address.includes(':') ? ' nodad' : ''}`,
      `route replace default via ${gateway} dev e0`,
    ]),
  ]
  await inside(host, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
  return { host, addresses: endpoint.addresses.map(({ address }) => address) }
}
