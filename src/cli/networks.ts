/** `heddle networks`: overlay networks, whose endpoints reach each other on whatever node they are. */
import { Command } from 'commander'
import type { Client, Lease, Network, NetworkBody } from '#api/client.js'
import { networkSpec } from '#model/network.js'
import { readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { type NetworkSettings, networkBodyOf, withNetworkSettings } from './network-spec.js'
import { leaseColumns, networkColumns, networkDetails } from './network-text.js'
import { printPages } from './pages.js'
import { type PrintOptions, print } from './print.js'
import { readSpec } from './spec-file.js'
import { plain } from './text.js'

type AskOptions = ServerOptions & PrintOptions

export const networksCommand = (io: Io): Command =>
  new Command('networks')
    .description('overlay networks, whose endpoints reach each other by address')
    .addCommand(listCommand(io))
    .addCommand(addCommand(io))
    .addCommand(showCommand(io))
    .addCommand(leasesCommand(io))
    .addCommand(removeCommand(io))

/** As many as are asked for at once. */
const pageLength = 1000

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list networks by name')
    .action(async (options: AskOptions) => {
      const client = await connect(io, options)
      const shown = await printPages(io, options, pages(client, io), () => networkColumns)
      if (shown === 0) io.stderr.write('no networks\n')
    })

async function* pages(client: Client, io: Io): AsyncGenerator<readonly Network[]> {
  let after: string | undefined
  do {
    const page = await client.overlay.networks({ limit: pageLength, after }, { signal: io.signal })
    yield page.networks
    after = page.next
  } while (after !== undefined)
}

const addCommand = (io: Io): Command =>
  withNetworkSettings(asking('add'))
    .alias('put')
    .description('say what a network is; saying it again replaces all of it but its VNI and gateways')
    .argument('<name>', 'name of the network', readName)
    .option('--dry-run', 'say what it would be and change nothing')
    .addHelpText(
      'after',
      examples(
        ['heddle networks add red --subnet 10.1.0.0/16', 'the first address is the gateway'],
        ['heddle networks add blue --subnet 10.2.0.0/24 --subnet 2001:db8:2::/64', 'both families'],
        ['heddle networks add red --subnet 10.1.0.0/16 --exclude 10.1.0.0/28', 'keep some back'],
        ['heddle networks add red --file red.yaml --dry-run', 'check a file'],
      ),
    )
    .action(
      async (name: string, options: AskOptions & NetworkSettings & { file?: string; dryRun?: boolean }) => {
        const spec = await specOf(io, options)
        const { overlay } = await connect(io, options)
        const call = { signal: io.signal }
        const network =
          options.dryRun === true
            ? await overlay.planNetwork(name, spec, call)
            : await overlay.putNetwork(name, spec, call)
        print(io, options, network, (palette) => networkDetails(network, palette))
        if (options.dryRun === true) io.stderr.write('nothing was changed\n')
      },
    )

const specOf = async (io: Io, options: NetworkSettings & { file?: string }): Promise<NetworkBody> =>
  options.file === undefined
    ? networkBodyOf(options)
    : readSpec<NetworkBody>(io, options.file, 'network', networkSpec.omit({ name: true }))

const showCommand = (io: Io): Command =>
  asking('show')
    .description('show a network: its subnets and gateways, how its endpoints are found')
    .argument('<network>', 'name of the network')
    .action(async (name: string, options: AskOptions) => {
      const { overlay } = await connect(io, options)
      const network = await overlay.network(name, { signal: io.signal })
      print(io, options, network, (palette) => networkDetails(network, palette))
    })

const leasesCommand = (io: Io): Command =>
  asking('leases')
    .description('list addresses that are given out, or rest before they are given out again')
    .argument('[network]', 'only those of this network')
    .action(async (network: string | undefined, options: AskOptions) => {
      const client = await connect(io, options)
      const columns = leaseColumns(io.clock.wallTime())
      const shown = await printPages(io, options, leasePages(client, network, io), () => columns)
      if (shown === 0) io.stderr.write('no leases\n')
    })

async function* leasePages(
  client: Client,
  network: string | undefined,
  io: Io,
): AsyncGenerator<readonly Lease[]> {
  let after: string | undefined
  do {
    const page = await client.overlay.leases({ limit: pageLength, after, network }, { signal: io.signal })
    yield page.leases
    after = page.next
  } while (after !== undefined)
}

const removeCommand = (io: Io): Command =>
  asking('remove')
    .alias('rm')
    .description('remove networks that have no endpoints')
    .argument('<network...>', 'their names')
    .action(async (names: readonly string[], options: AskOptions) => {
      const { overlay } = await connect(io, options)
      for (const name of names) {
        await overlay.deleteNetwork(name, { signal: io.signal })
        print(
          io,
          options,
          { removed: name },
          (palette) => `network ${palette.bold(plain(name))} is removed\n`,
        )
      }
    })
