/** `heddle endpoints` and `heddle attach`: the members of networks. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Client, Endpoint, EndpointQuery } from '#api/client.js'
import { macText } from '#model/endpoint.js'
import { objectName, type WireEnd } from '#model/wire.js'
import { listOf, readEnd, readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { endpointColumns, endpointDetails, endpointLine, reasonsOf } from './endpoint-text.js'
import { CliError, usageError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { readAddress } from './network-spec.js'
import { printPages } from './pages.js'
import { type PrintOptions, print } from './print.js'
import { plain } from './text.js'
import { type WaitOptions, withWait } from './wait.js'

type AskOptions = ServerOptions & PrintOptions
type ChangeOptions = AskOptions & WaitOptions

export const endpointsCommand = (io: Io): Command =>
  new Command('endpoints')
    .description('interfaces on nodes that are members of a network')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(removeCommand(io))

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list endpoints by id')
    .option('--network <network>', 'only those of this network', readName)
    .option('--node <node>', 'only those on this node', readName)
    .option('--container <id>', 'only those of this container')
    .addOption(new Option('--state <state>', 'only those').choices(['up', 'pending']))
    .addHelpText(
      'after',
      examples(
        ['heddle endpoints list --state pending', 'what waits, and for what'],
        ["heddle endpoints list --node n1 -o json | jq -r '.[].id'", 'ids for a script'],
      ),
    )
    .action(async (options: AskOptions & EndpointQuery) => {
      const { network, node, container, state } = options
      const client = await connect(io, options)
      const some = pages(client, { network, node, container, state }, io)
      const shown = await printPages(io, options, some, endpointColumns)
      if (shown === 0) io.stderr.write('no endpoints\n')
    })

/** As many as are asked for at once. */
const pageLength = 1000

async function* pages(client: Client, query: EndpointQuery, io: Io): AsyncGenerator<readonly Endpoint[]> {
  let after: string | undefined
  do {
    const page = await client.overlay.endpoints({ ...query, limit: pageLength, after }, { signal: io.signal })
    yield page.endpoints
    after = page.next
  } while (after !== undefined)
}

const showCommand = (io: Io): Command =>
  asking('show')
    .description('show an endpoint: its state and why, its addresses, what it is for')
    .argument('<endpoint>', 'its id')
    .action(async (id: string, options: AskOptions) => {
      const { overlay } = await connect(io, options)
      const endpoint = await overlay.endpoint(id, { signal: io.signal })
      print(io, options, endpoint, (palette) => endpointDetails(endpoint, palette))
    })

const removeCommand = (io: Io): Command =>
  withWait(asking('remove'))
    .alias('rm')
    .description('remove endpoints; their addresses rest before they are given out again')
    .argument('<endpoint...>', 'their ids')
    .action(async (ids: readonly string[], options: ChangeOptions) => {
      const { overlay } = await connect(io, options)
      for (const id of ids) {
        const { deleted } = await overlay.deleteEndpoint(id, waiting(io, options))
        print(io, options, { removed: id, deleted }, (palette) =>
          deleted
            ? `endpoint ${palette.bold(plain(id))} is removed\n`
            : `there was no endpoint ${plain(id)}\n`,
        )
      }
    })

interface AttachSettings {
  readonly id?: string
  readonly address?: readonly string[]
  readonly mac?: string
  readonly label?: readonly (readonly [string, string])[]
}

const readMac = (text: string): string => {
  const mac = macText.safeParse(text)
  if (mac.success) return mac.data
  throw new InvalidArgumentError(`Expected ${mac.error.issues[0]?.message}.`)
}

/** `NAME=VALUE`. */
const readLabel = (text: string): readonly [string, string] => {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new InvalidArgumentError('Expected NAME=VALUE.')
}

export const attachCommand = (io: Io): Command =>
  withWait(asking('attach'))
    .description('make an interface that exists a member of a network; saying it again changes it')
    .argument('<node:interface>', 'where', readEnd)
    .argument('<network>', 'name of the network', readName)
    .option('--id <id>', 'id of the endpoint; NODE-INTERFACE otherwise', readName)
    .option('--address <address>', 'static address; free ones otherwise', listOf(readAddress))
    .option('--mac <address>', 'MAC address; one made of the address otherwise', readMac)
    .option('--label <name=value>', 'may be given again', listOf(readLabel))
    .addHelpText(
      'after',
      examples(
        ['heddle attach n1:veth-web red', 'with the next free address'],
        ['heddle attach n1:tap0 red --id vm7 --address 10.1.0.7', 'a virtual machine'],
        ['heddle attach n2:tap0 red --id vm7', 'and now it is on another node'],
      ),
    )
    .action(async (at: WireEnd, network: string, options: ChangeOptions & AttachSettings) => {
      const { address, mac, label } = options
      const { overlay } = await connect(io, options)
      const spec = {
        network,
        node: at.node,
        interface: at.interface,
        mac,
        ...(address === undefined ? {} : { addresses: [...address] }),
        ...(label === undefined ? {} : { labels: Object.fromEntries(label) }),
      }
      finish(io, options, await overlay.putEndpoint(options.id ?? idOf(at), spec, waiting(io, options)))
    })

const idOf = ({ node, interface: name }: WireEnd): string => {
  const id = objectName.safeParse(`${node}-${name}`)
  if (id.success) return id.data
  throw usageError(`${node}-${name} cannot be an id: name one with --id`)
}

const waiting = (io: Io, { wait }: WaitOptions) => ({ signal: io.signal, wait: `${wait}ms` })

/** Prints what became of a change; one that was waited for and is still pending is no success. */
const finish = (io: Io, options: ChangeOptions, endpoint: Endpoint): void => {
  print(io, options, endpoint, (palette) => endpointLine(endpoint, palette))
  if (endpoint.status.state !== 'pending' || options.wait === 0) return
  throw new CliError(
    'pending',
    `endpoint ${endpoint.id} is stored and comes up by itself; it waits:`,
    reasonsOf(endpoint),
  )
}
