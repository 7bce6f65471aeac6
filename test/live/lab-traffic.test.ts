/** Two hosts on two nodes of a lab talk over a VXLAN that is made by hand: the lab carries real packets. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab } from '#lab/create-lab.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import type { LabNode } from '#lab/node.js'
import { destroyLab } from '#lab/teardown.js'

const vni = 4242

/** What a controller would do: a bridge, one flow-based tunnel port, and the two flows of a wire's end. */
const wire = async (node: LabNode, device: string, far: string): Promise<void> => {
  const family = far.includes(':') ? 'tun_ipv6' : 'tun'
  await node.vsctl(
    ...['--', '--may-exist', 'add-br', 'br-int'],
    ...['--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev', 'fail_mode=secure'],
    ...['--', 'add-port', 'br-int', device, '--', 'set', 'Interface', device, 'ofport_request=10'],
    ...['--', 'add-port', 'br-int', 'vx', '--', 'set', 'Interface', 'vx', 'type=vxlan', 'ofport_request=1'],
    ...['options:remote_ip=flow', 'options:key=flow'],
  )
  const tunnel = `set_field:${vni}->tun_id,set_field:${far}->${family}_dst`
  await node.ofctl('add-flow', 'br-int', `in_port=10,actions=${tunnel},output:1`)
  await node.ofctl('add-flow', 'br-int', `in_port=1,tun_id=${vni},${family}_src=${far},actions=output:10`)
}

const expectPing = async (from: LabHost, to: string, ...options: string[]): Promise<void> => {
  const { code, stdout } = await from.exec(['ping', '-c', '3', '-i', '0.2', '-W', '2', ...options, to])
  expect(stdout).toMatch(/ 0% packet loss/)
  expect(code).toBe(0)
}

describe.each([
  { family: 'ipv4', name: 'traffic4' },
  { family: 'ipv6', name: 'traffic6' },
] as const)('hosts over a hand-made VXLAN with $family RLOCs', ({ family, name }) => {
  let lab: Lab
  let near: LabHost
  let far: LabHost

  beforeAll(async () => {
    await destroyLab(name)
    lab = await createLab({ name, nodes: 3, rlocFamily: family, datapath: 'netdev' })
    const hosts = await lab.addHosts([
      { name: 'a', node: 'n1', interfaces: [{ name: 'gig1', addresses: ['10.0.0.1/24', 'fd00::1/64'] }] },
      { name: 'b', node: 'n3', interfaces: [{ name: 'gig1', addresses: ['10.0.0.2/24', 'fd00::2/64'] }] },
    ])
    near = hosts[0] ?? expect.fail('no first host')
    far = hosts[1] ?? expect.fail('no second host')
    await wire(lab.node('n1'), near.device('gig1'), lab.node('n3').rloc)
    await wire(lab.node('n3'), far.device('gig1'), lab.node('n1').rloc)
  })
  afterAll(() => destroyLab(name))

  it('names the node after its switch and says its RLOC', async () => {
    const ids = await lab.node('n2').vsctl('get', 'Open_vSwitch', '.', 'external_ids')
    expect(ids).toContain('system-id=n2')
    expect(ids.replaceAll('"', '')).toContain(`heddle-rloc=${lab.node('n2').rloc}`)
  })

  it('carries IPv4 and IPv6, and full-size packets', async () => {
    await expectPing(near, '10.0.0.2')
    await expectPing(far, 'fd00::1')
    await expectPing(near, '10.0.0.2', '-M', 'do', '-s', '1472')
  })

  it('carries TCP: no checksum is left for hardware that is not there', async () => {
    // The server goes with the lab.
    expect((await far.exec(['iperf3', '--server', '--daemon'])).code).toBe(0)
    const client = ['iperf3', '--client', '10.0.0.2', '--bytes', '2M', '--connect-timeout', '2000']
    const transfer = async (): Promise<number> => (await near.exec(client, { timeoutMs: 5_000 })).code
    await expect.poll(transfer, { timeout: 20_000, interval: 200 }).toBe(0)
  })
})

it('adds no frame of its own to a cable', async () => {
  await destroyLab('silent')
  try {
    const lab = await createLab({ name: 'silent', nodes: 1, datapath: 'netdev' })
    const host = await lab.addHost({ name: 'r1', node: 'n1', interfaces: ['gig1'] })
    const capture = host.exec(['timeout', '2', 'tcpdump', '-i', 'gig1', '-Q', 'in', '-n'])
    const { stdout, stderr } = await capture
    expect(stderr).toContain('0 packets captured')
    expect(stdout.trim()).toBe('')
  } finally {
    await destroyLab('silent')
  }
})
