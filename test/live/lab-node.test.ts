/** What tests do to nodes and hosts: stop, kill, reboot, unplug, move. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'

const name = 'nodeops'
let lab: Lab

beforeAll(async () => {
  await destroyLab(name)
  lab = await createLab({ name, nodes: 2, controller: 'auto', datapath: 'netdev' })
})
afterAll(() => destroyLab(name))

const reaches = async (member: string, address: string): Promise<boolean> => {
  const { code } = await (await lab.member(member)).exec(['ping', '-c', '1', '-W', '1', address])
  return code === 0
}

it('reaches the controller from every node, by IPv4 and IPv6', async () => {
  expect(await reaches('n1', lab.controllerAddress)).toBe(true)
  expect(await reaches('n2', lab.controllerAddress6 ?? expect.fail('no IPv6 here'))).toBe(true)
  expect((await lab.node('n2').vsctl('get-manager')).trim()).toBe(`tcp:${lab.controllerAddress}:6640`)
})

it('kills a switch and starts it again, with its RLOC', async () => {
  const node = lab.node('n1')
  const before = await node.pid('ovs-vswitchd')
  await node.kill('ovs-vswitchd')
  expect(await node.pid('ovs-vswitchd')).toBeUndefined()
  expect(await reaches('n2', node.rloc)).toBe(false)
  await node.start('ovs-vswitchd')
  expect(await node.pid('ovs-vswitchd')).not.toBe(before)
  await expect.poll(() => reaches('n2', node.rloc), { timeout: 5_000 }).toBe(true)
})

it('kills a database server and starts it again with what it knew', async () => {
  const node = lab.node('n1')
  await node.vsctl('add-br', 'br-kept', '--', 'set', 'Bridge', 'br-kept', 'datapath_type=netdev')
  await node.kill('ovsdb-server')
  await expect(node.vsctl('--timeout=1', 'list-br')).rejects.toMatchObject({ code: 'command-failed' })
  await node.start('ovsdb-server')
  expect(await node.vsctl('list-br')).toContain('br-kept')
})

it('reboots a node: as it was, or with a fresh database', async () => {
  const node = lab.node('n1')
  await node.reboot()
  expect(await node.vsctl('list-br')).toContain('br-kept')
  await node.reboot({ freshDatabase: true })
  expect((await node.vsctl('list-br')).trim()).toBe('br-phy')
  expect((await node.vsctl('get-manager')).trim()).toBe(`tcp:${lab.controllerAddress}:6640`)
  await expect.poll(() => reaches('n2', node.rloc), { timeout: 5_000 }).toBe(true)
})

it('cuts a node off from its controller, or from the underlay, and back', async () => {
  const node = lab.node('n2')
  await node.setLink('mgmt', 'down')
  expect(await reaches('n2', lab.controllerAddress)).toBe(false)
  await node.setLink('mgmt', 'up')
  await expect.poll(() => reaches('n2', lab.controllerAddress), { timeout: 5_000 }).toBe(true)
})

it('shows carrier on both ends of a cable, and moves it to another node', async () => {
  const host = await lab.addHost({ name: 'r1', node: 'n1', interfaces: ['gig1', 'gig2'] })
  const device = host.device('gig2')
  const carrierAt = async (node: string): Promise<string> => {
    const { stdout } = await lab.node(node).exec(['ip', '-oneline', 'link', 'show', 'dev', device])
    return /NO-CARRIER|LOWER_UP/.exec(stdout)?.[0] ?? 'absent'
  }
  expect(device).toBe('r1-gig2')
  expect(await carrierAt('n1')).toBe('LOWER_UP')
  await host.setLink('gig2', 'down')
  expect(await carrierAt('n1')).toBe('NO-CARRIER')
  await host.setLink('gig2', 'up')
  await lab.moveHost('r1', 'n2')
  expect(await carrierAt('n1')).toBe('absent')
  expect(await carrierAt('n2')).toBe('LOWER_UP')
  expect((await lab.host('r1')).node).toBe('n2')
})

it('takes the MTU, MAC and addresses that it was given', async () => {
  const host = await lab.addHost({
    name: 'router-with-a-long-name',
    node: 'n1',
    interfaces: [{ name: 'ge-0.100', mtu: 9000, mac: '02:00:00:00:00:07', addresses: ['10.1.1.1/30'] }],
  })
  expect(host.device('ge-0.100')).toMatch(/^router-[0-9a-f]{8}$/)
  const { stdout } = await host.exec(['ip', '-oneline', 'address', 'show', 'dev', 'ge-0.100'])
  expect(stdout).toContain('10.1.1.1/30')
  const link = await host.exec(['ip', '-oneline', 'link', 'show', 'dev', 'ge-0.100'])
  expect(link.stdout).toMatch(/mtu 9000 .*02:00:00:00:00:07/)
})

it('removes a host with what runs in it, and makes it again at once', async () => {
  const asked = { name: 'gone', node: 'n1', interfaces: ['eth0'] }
  const host = await lab.addHost(asked)
  const sleeping = host.exec(['sleep', '60'])
  await expect
    .poll(async () => (await host.exec(['ip', 'netns', 'pids', host.namespace])).stdout.split('\n').length)
    .toBeGreaterThan(1)
  expect(await lab.removeHost('gone')).toBe(true)
  expect((await sleeping).code).not.toBe(0)
  expect(await lab.removeHost('gone')).toBe(false)
  await lab.addHost(asked)
})

it('refuses what cannot be, with a code and words', async () => {
  const host = { name: 'x', node: 'n1', interfaces: ['eth0'] }
  await expect(lab.addHost({ ...host, node: 'n9' })).rejects.toMatchObject({ code: 'node-unknown' })
  await expect(lab.addHost({ ...host, name: 'r1' })).rejects.toMatchObject({ code: 'host-exists' })
  await expect(lab.addHost({ ...host, name: 'n2' })).rejects.toMatchObject({ code: 'host-exists' })
  await expect(lab.addHost({ ...host, interfaces: ['lo'] })).rejects.toMatchObject({ code: 'invalid-name' })
  await expect(lab.addHost({ ...host, interfaces: ['a', 'a'] })).rejects.toMatchObject({
    code: 'invalid-option',
  })
  await expect(lab.member('nobody')).rejects.toMatchObject({ code: 'member-unknown' })
})

it('gives back what it made when one of several hosts cannot be', async () => {
  // The device `busy-b` is there already, so the second host's cable cannot be laid.
  await lab.node('n1').exec(['ip', 'link', 'add', 'busy-b', 'type', 'bridge'])
  const hosts = ['idle', 'busy'].map((each) => ({ name: each, node: 'n1', interfaces: ['b'] }))
  await expect(lab.addHosts(hosts)).rejects.toThrow(
    /File exists\s+\(ip -netns heddle-nodeops-n1 link add busy-b /,
  )
  const names = (await lab.hosts()).map((each) => each.name)
  expect(names).not.toContain('idle')
  expect(names).not.toContain('busy')
})
