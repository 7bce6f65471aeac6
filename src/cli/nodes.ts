/** `heddle nodes`: the switches of the fabric. */
import { Command, Option } from 'commander'
import type { NodeSpec } from '#api/client.js'
import { integerFrom, readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { nodeSetupCommand } from './node-setup.js'
import { nodeColumns, nodeDetails, portColumns } from './node-text.js'
import { type PrintOptions, print } from './print.js'
import { tableOf } from './table.js'

type AskOptions = ServerOptions & PrintOptions

const joining = `
A switch joins with one command on its machine:
  ovs-vsctl set-manager tcp:CONTROLLER:6640
Only one that listens instead of dialling has to be added here.`

export const nodesCommand = (io: Io): Command =>
  new Command('nodes')
    .description('the switches of the fabric')
    .addHelpText('after', joining)
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(addCommand(io))
    .addCommand(removeCommand(io))
    .addCommand(portsCommand(io))
    .addCommand(nodeSetupCommand(io))

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list nodes by name')
    .addOption(new Option('--state <state>', 'only those').choices(['ready', 'preparing', 'offline']))
    .action(async (options: AskOptions & { state?: string }) => {
      const client = await connect(io, options)
      const { nodes } = await client.nodes({ signal: io.signal })
      const shown = nodes.filter(({ state }) => options.state === undefined || state === options.state)
      print(io, options, shown, (palette) =>
        shown.length === 0 ? '' : tableOf(nodeColumns(palette), shown, palette),
      )
      if (shown.length === 0) io.stderr.write('no nodes\n')
    })

const showCommand = (io: Io): Command =>
  asking('show')
    .description('show a node: its state and why, its switch, what is on it')
    .argument('<node>', 'name of the node')
    .action(async (name: string, options: AskOptions) => {
      const client = await connect(io, options)
      const node = await client.node(name, { signal: io.signal })
      print(io, options, node, (palette) => nodeDetails(node, io.clock.wallTime(), palette))
    })

const addCommand = (io: Io): Command =>
  asking('add')
    .description('say what is to be known of a node; saying it again changes it')
    .argument('<name>', "its name: external_ids:system-id of the switch's Open_vSwitch table", readName)
    .option('--target <target>', 'passive target to dial: tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH')
    .option('--rloc <address>', 'address of its tunnel endpoint; wins over external_ids:heddle-rloc')
    .option('--underlay-mtu <bytes>', 'MTU of the underlay there', integerFrom(576, 65_535))
    .addHelpText(
      'after',
      examples(
        [
          'heddle nodes add n1 --target tcp:192.0.2.1:6640',
          'dial a switch that listens (set-manager ptcp:6640)',
        ],
        ['heddle nodes add n2 --rloc 2001:db8::2', 'give it another tunnel address'],
      ),
    )
    .action(async (name: string, { target, rloc, underlayMtu, ...options }: AskOptions & NodeSpec) => {
      const client = await connect(io, options)
      const node = await client.putNode(name, { target, rloc, underlayMtu }, { signal: io.signal })
      print(io, options, node, (palette) => nodeDetails(node, io.clock.wallTime(), palette))
    })

const removeCommand = (io: Io): Command =>
  asking('remove')
    .alias('rm')
    .description('forget nodes at which no link ends and no endpoint is')
    .argument('<node...>', 'their names')
    .action(async (names: readonly string[], options: AskOptions) => {
      const client = await connect(io, options)
      for (const name of names) {
        await client.deleteNode(name, { signal: io.signal })
        print(io, options, { removed: name }, (palette) => `node ${palette.bold(name)} is removed\n`)
      }
    })

const portsCommand = (io: Io): Command =>
  asking('ports')
    .description("list the ports of a node's integration bridge")
    .argument('<node>', 'name of the node')
    .action(async (name: string, options: AskOptions) => {
      const client = await connect(io, options)
      const ports = await client.ports(name, { signal: io.signal })
      print(io, options, ports, (palette) =>
        ports.length === 0 ? '' : tableOf(portColumns(palette), ports, palette),
      )
      if (ports.length === 0) io.stderr.write('no ports\n')
    })
