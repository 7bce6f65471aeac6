/** Nodes join with one command of the operator, are prepared, and leave nothing behind: real switches, a real controller. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import { detectDatapath } from '#lab/machine.js'
import type { LabNode } from '#lab/node.js'
import {
  type Fabric,
  managerOf,
  nodeState,
  ready,
  soon,
  startFabricHere,
  watchEvents,
} from './support/fabric.js'

let fabric: Fabric
let client: Client
let events: ReturnType<typeof watchEvents>
let n1: LabNode
let n2: LabNode
let n3: LabNode

beforeAll(async () => {
  fabric = await startFabricHere('ctlnodes', { nodes: 3, join: [] })
  ;({ client } = fabric.controller)
  events = watchEvents(client)
  ;[n1, n2, n3] = ['n1', 'n2', 'n3'].map((name) => fabric.lab.node(name)) as [LabNode, LabNode, LabNode]
})
afterAll(async () => {
  events?.stop()
  await fabric?.stop()
})

const get = async (node: LabNode, table: string, record: string, column: string): Promise<string> =>
  (await node.vsctl('--bare', 'get', table, record, column)).trim().replaceAll('"', '')

/** Resolves once a refusal has been told in these words. */
const refusal = (words: RegExp): Promise<void> =>
  soon(async () => events.seen.some(({ type, message }) => type === 'node-refused' && words.test(message)))

/** Everything in a switch's database that an operator made here. */
const operatorsRows = async (node: LabNode): Promise<string> => {
  const tables = [
    ['Bridge', 'name', 'ports', 'controller', 'protocols', 'fail_mode', 'other_config', 'external_ids'],
    ['Port', 'name', 'interfaces', 'tag', 'other_config', 'external_ids'],
    ['Interface', 'name', 'type', 'options', 'ofport_request', 'external_ids'],
    ['Controller', 'target', 'max_backoff', 'external_ids'],
    ['Manager', 'target', 'inactivity_probe', 'external_ids'],
  ]
  const printed = tables.map(async ([table = '', ...columns]) => {
    const list = await node.vsctl(
      `--columns=_uuid,${columns.join()}`,
      'find',
      table,
      'external_ids:whose=operator',
    )
    return `${table}\n${list}`
  })
  return (await Promise.all(printed)).join('\n')
}

const makeOperatorsRows = (node: LabNode): Promise<string> =>
  node.vsctl(
    ...[
      'add-br',
      'br-op',
      '--',
      'set',
      'Bridge',
      'br-op',
      'datapath_type=netdev',
      'external_ids:whose=operator',
    ],
    ...['--', 'set', 'Bridge', 'br-op', 'fail_mode=standalone', 'other_config:mac-table-size=99'],
    ...['--', 'add-port', 'br-op', 'op0', 'tag=7', '--', 'set', 'Port', 'op0', 'external_ids:whose=operator'],
    ...['--', 'set', 'Interface', 'op0', 'type=internal', 'external_ids:whose=operator'],
    ...['--', 'set-controller', 'br-op', 'tcp:127.0.0.1:1'],
    ...['--', 'set', 'Controller', 'br-op', 'max_backoff=60000', 'external_ids:whose=operator'],
    ...['--', 'set', 'Open_vSwitch', '.', 'external_ids:whose=operator'],
  )

it('joins a node with set-manager alone and makes its bridge', async () => {
  await n1.setManager(managerOf(fabric.lab))
  await ready(client, 'n1')
  expect(await get(n1, 'Bridge', 'br-int', 'fail_mode')).toBe('secure')
  expect(await get(n1, 'Bridge', 'br-int', 'protocols')).toContain('OpenFlow15')
  expect(await get(n1, 'Bridge', 'br-int', 'external_ids')).toMatch(/heddle-fabric=.*heddle-owner=bridge/)
  expect((await n1.vsctl('get-controller', 'br-int')).trim()).toBe(`tcp:${fabric.lab.controllerAddress}:6653`)
  expect(await get(n1, 'Controller', 'br-int', 'external_ids')).toBe('{heddle-owner=controller}')
  expect((await n1.vsctl('list-ports', 'br-int')).trim()).toBe('heddle-vxlan')
  expect(await get(n1, 'Port', 'heddle-vxlan', 'external_ids')).toBe('{heddle-owner=tunnel}')
  expect(await get(n1, 'Interface', 'heddle-vxlan', 'type')).toBe('vxlan')
  expect(await get(n1, 'Interface', 'heddle-vxlan', 'options')).toMatch(/key=flow.*remote_ip=flow/)
})

it('takes the datapath in user space where the kernel has none', async () => {
  const there = await detectDatapath()
  const node = await client.node('n1')
  expect(node).toMatchObject({
    datapathType: there,
    datapathId: await get(n1, 'Bridge', 'br-int', 'datapath_id'),
  })
})

it('finds the tunnel address in external_ids, else where the connection comes from', async () => {
  expect((await client.node('n1')).rloc).toBe(n1.rloc)
  await n1.vsctl('remove', 'Open_vSwitch', '.', 'external_ids', 'heddle-rloc')
  await soon(async () => (await client.node('n1')).rloc === n1.managementAddress)
  await n1.vsctl('set', 'Open_vSwitch', '.', `external_ids:heddle-rloc=${n1.rloc}`)
  await soon(async () => (await client.node('n1')).rloc === n1.rloc)
})

it('keeps the bridge as it has to be', async () => {
  await n1.vsctl('set-fail-mode', 'br-int', 'standalone', '--', 'set-controller', 'br-int', 'tcp:127.0.0.1:9')
  await soon(async () => (await get(n1, 'Bridge', 'br-int', 'fail_mode')) === 'secure')
  await soon(async () =>
    (await n1.vsctl('get-controller', 'br-int')).includes(`tcp:${fabric.lab.controllerAddress}:6653`),
  )
  await n1.vsctl('del-port', 'heddle-vxlan')
  await soon(async () => (await n1.vsctl('list-ports', 'br-int')).includes('heddle-vxlan'))
  await ready(client, 'n1')
})

it('refuses a switch without a name and says what to set; it joins once it has one', async () => {
  await n2.vsctl('remove', 'Open_vSwitch', '.', 'external_ids', 'system-id')
  await n2.setManager(managerOf(fabric.lab))
  await refusal(
    /it has no name; on the switch, run: ovs-vsctl set open_vswitch \. external_ids:system-id=NAME/,
  )
  expect(await n2.vsctl('list-br')).not.toContain('br-int')
  await n2.vsctl('set', 'Open_vSwitch', '.', 'external_ids:system-id=n2')
  await ready(client, 'n2')
})

it('refuses a name that cannot be one', async () => {
  await n3.vsctl('set', 'Open_vSwitch', '.', 'external_ids:system-id="a/b c"')
  await n3.setManager(managerOf(fabric.lab))
  await refusal(/"a\/b c", cannot be a node name: 1 to 64 letters/)
  expect(await n3.vsctl('list-br')).not.toContain('br-int')
  await n3.vsctl('set', 'Open_vSwitch', '.', 'external_ids:system-id=n3')
  await ready(client, 'n3')
})

it('refuses a second switch of the same name; the first stays', async () => {
  const { connectedAt, peer } = await client.node('n1')
  await n3.vsctl('set', 'Open_vSwitch', '.', 'external_ids:system-id=n1')
  await refusal(
    new RegExp(
      `the switch at tcp:${n3.managementAddress}:\\d+ was refused: the name n1 .*is taken by the switch at ${peer}`,
    ),
  )
  expect(await client.node('n1')).toMatchObject({ state: 'ready', connectedAt, peer })
  await n3.vsctl('set', 'Open_vSwitch', '.', 'external_ids:system-id=n3')
  await ready(client, 'n3', 20_000)
})

it('refuses a second bridge with the same datapath id; the first stays', async () => {
  const { datapathId, connectedAt } = await client.node('n1')
  await n3.vsctl(
    ...['add-br', 'br-twin', '--', 'set', 'Bridge', 'br-twin', 'datapath_type=netdev'],
    ...['--', 'set', 'Bridge', 'br-twin', `other_config:datapath-id=${datapathId}`],
    ...['--', 'set-controller', 'br-twin', `tcp:${fabric.lab.controllerAddress}:6653`],
  )
  await refusal(
    new RegExp(
      `the switch at tcp:${n3.managementAddress}:\\d+ was refused: datapath id ${datapathId} is taken by node n1`,
    ),
  )
  expect(await client.node('n1')).toMatchObject({ state: 'ready', connectedAt })
  await n3.vsctl('del-br', 'br-twin')
})

it('leaves the rows of others as they are: with links, without, and when the node goes', async () => {
  await makeOperatorsRows(n3)
  await n3.vsctl('set', 'Manager', '.', 'external_ids:whose=operator')
  const before = await operatorsRows(n3)
  expect(before).toMatch(/br-op[\s\S]*op0[\s\S]*tcp:127\.0\.0\.1:1/)
  await fabric.lab.addHost({ name: 'h3', node: 'n3', interfaces: ['e0', 'e1'] })
  const ends = { a: { node: 'n3', interface: 'h3-e0' }, b: { node: 'n3', interface: 'h3-e1' } }
  await client.createLink({ name: 'loop', ...ends })
  expect(await n3.vsctl('list-ports', 'br-int')).toMatch(/h3-e0\nh3-e1/)
  expect(await operatorsRows(n3)).toBe(before)
  await expect(client.deleteNode('n3')).rejects.toMatchObject({ code: 'node-in-use', status: 409 })
  await client.deleteLink('loop')
  await client.deleteNode('n3')
  expect(await n3.vsctl('list-br')).not.toContain('br-int')
  expect(await nodeState(client, 'n3')).toBe('absent')
  expect(await operatorsRows(n3)).toBe(before)
  expect(await get(n3, 'Open_vSwitch', '.', 'external_ids:whose')).toBe('operator')
})

it('leaves a deleted node alone until it is wanted again', async () => {
  // Longer than a switch waits before it dials anew.
  await delay(2_000)
  expect(await nodeState(client, 'n3')).toBe('absent')
  expect(await n3.vsctl('list-br')).not.toContain('br-int')
  await client.putNode('n3', {})
  await ready(client, 'n3')
})

it('takes no port away from another bridge, nor from itself', async () => {
  const link = {
    name: 'greedy',
    a: { node: 'n1', interface: 'op1' },
    b: { node: 'n2', interface: 'heddle-vxlan' },
  }
  await n1.vsctl(
    ...['add-br', 'br-op', '--', 'set', 'Bridge', 'br-op', 'datapath_type=netdev'],
    ...['--', 'add-port', 'br-op', 'op1', '--', 'set', 'Interface', 'op1', 'type=internal'],
  )
  const { status } = await client.createLink(link, { wait: 1 })
  expect(status).toMatchObject({
    state: 'pending',
    reasons: [
      { code: 'interface-error', message: expect.stringContaining('port of bridge br-op') },
      { code: 'interface-error', message: expect.stringContaining("the node's own tunnel port") },
    ],
  })
  await client.deleteLink('greedy')
  const own = await client.createLink({ ...link, a: { node: 'n1', interface: 'br-int' } }, { wait: 0 })
  expect(JSON.stringify(own.status)).toContain('it is the bridge itself')
  await client.deleteLink('greedy')
  expect(await n2.vsctl('list-ports', 'br-int')).toContain('heddle-vxlan')
  expect(await n1.vsctl('list-ports', 'br-op')).toContain('op1')
})

it('refuses the bridge of another fabric and takes it when it is handed over', async () => {
  await n3.vsctl('del-manager')
  await soon(async () => (await nodeState(client, 'n3')) !== 'ready')
  await n3.vsctl(
    ...['--if-exists', 'del-br', 'br-int'],
    ...['--', 'add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev'],
    ...['--', 'set', 'Bridge', 'br-int', 'external_ids:heddle-fabric=another'],
  )
  await n3.setManager(managerOf(fabric.lab))
  await refusal(
    /bridge br-int belongs to another Heddle fabric \(another\); to hand it over: ovs-vsctl remove bridge br-int/,
  )
  expect(await get(n3, 'Bridge', 'br-int', 'fail_mode')).toBe('[]')
  await n3.vsctl('remove', 'bridge', 'br-int', 'external_ids', 'heddle-fabric')
  await ready(client, 'n3', 20_000)
  expect(await get(n3, 'Bridge', 'br-int', 'fail_mode')).toBe('secure')
})

it('dials a node that listens, and takes no other one for it', async () => {
  await n3.vsctl('del-manager')
  await soon(async () => (await nodeState(client, 'n3')) === 'offline')
  await client.deleteNode('n3')
  await n3.setManager(`ptcp:6640:${n3.managementAddress}`)
  const target = `tcp:${n3.managementAddress}:6640`
  await client.putNode('wrong', { target })
  await refusal(/it says that it is n3, and wrong was expected/)
  await client.deleteNode('wrong')
  await client.putNode('n3', { target })
  await ready(client, 'n3', 20_000)
  expect((await client.node('n3')).peer).toBe(target)
  await n3.kill('ovsdb-server')
  await soon(async () => (await nodeState(client, 'n3')) === 'offline')
  await n3.start('ovsdb-server')
  await ready(client, 'n3', 20_000)
  await client.deleteNode('n3')
  expect(await nodeState(client, 'n3')).toBe('absent')
  // The operator made this bridge: it stays, without anything of ours.
  expect(await get(n3, 'Bridge', 'br-int', 'external_ids')).toBe('{}')
  expect(await n3.vsctl('get-controller', 'br-int')).toBe('')
  expect(await n3.vsctl('list-ports', 'br-int')).toBe('')
})
