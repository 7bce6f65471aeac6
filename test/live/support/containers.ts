/** Containers of a lab in an overlay network: what a CNI plugin does, without one. */
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import type { LabNode } from '#lab/node.js'

/** Runs a command that has to succeed; returns what it printed. */
export const must = async (
  where: Pick<LabHost | LabNode, 'exec'>,
  words: readonly string[],
  input?: string,
): Promise<string> => {
  const { code, stdout, stderr } = await where.exec(words, input === undefined ? {} : { input })
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout
}

const isIpv6 = (address: string): boolean => address.includes(':')

/** The addresses of a member, one of each family. */
export interface Addresses {
  readonly 4: string
  readonly 6: string
}

export const addressesOf = (addresses: readonly { readonly address: string }[]): Addresses => {
  const of = (six: boolean): string =>
    addresses.find(({ address }) => isIpv6(address) === six)?.address ?? 'no address'
  return { 4: of(false), 6: of(true) }
}

/** Makes the interface `e0` of a host an endpoint that is called as the host is, and equips it. */
export const attach = async (
  client: Client,
  lab: Lab,
  host: LabHost,
  network: string,
): Promise<Addresses> => {
  const body = { network, node: host.node, interface: host.device('e0') }
  const endpoint = await client.overlay.putEndpoint(host.name, body)
  const mtu = String(endpoint.mtu ?? 1400)
  await must(lab.node(host.node), ['ip', 'link', 'set', host.device('e0'), 'mtu', mtu])
  const lines = [
    `link set e0 address ${endpoint.mac} mtu ${mtu}`,
    ...endpoint.addresses.flatMap(({ address, prefixLength, gateway }) => [
      `addr add ${address}/${prefixLength} dev e0${isIpv6(address) ? ' nodad' : ''}`,
      `route replace default via ${gateway} dev e0`,
    ]),
  ]
  await must(host, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
  return addressesOf(endpoint.addresses)
}

/** Whether one ping, the first one, comes back. */
export const pings = async (from: Pick<LabHost | LabNode, 'exec'>, to: string): Promise<boolean> =>
  (await from.exec(['ping', '-c', '1', '-W', '2', to])).code === 0
