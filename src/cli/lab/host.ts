/** `heddle lab host` and `heddle lab unhost`. */
import { Command } from 'commander'
import type { InterfaceOptions } from '#lab/host.js'
import { openLab } from '#lab/lab.js'
import { CliError, usageError } from '../exit.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type PrintOptions, print, withOutput } from '../print.js'
import { type NameOption, parseCount, parseList, parsePair, withName } from './options.js'
import { hostTable, viewHost } from './view.js'

type Pairs = readonly (readonly [interfaceName: string, value: string])[]

interface HostCommandOptions extends NameOption, PrintOptions {
  readonly node: string
  readonly interfaces: readonly string[]
  readonly address: Pairs
  readonly mac: Pairs
  readonly mtu?: number
}

const collectPair = (text: string, so: Pairs): Pairs => [...so, parsePair(text)]

/** Joins what was said of each interface. */
const interfacesOf = ({ interfaces, address, mac, mtu }: HostCommandOptions): InterfaceOptions[] => {
  const stranger = [...address, ...mac].find(([name]) => !interfaces.includes(name))
  if (stranger !== undefined) {
    throw usageError(`${stranger[0]} is not one of the host's interfaces`, [
      `it was given ${interfaces.join(', ')}`,
    ])
  }
  return interfaces.map((name) => {
    const ofThis = (pairs: Pairs): string[] => pairs.filter(([key]) => key === name).map(([, value]) => value)
    const lastMac = ofThis(mac).at(-1)
    return {
      name,
      addresses: ofThis(address),
      ...(mtu === undefined ? {} : { mtu }),
      ...(lastMac === undefined ? {} : { mac: lastMac }),
    }
  })
}

export const hostCommand = (io: Io): Command => {
  const command = new Command('host')
    .description('add a host: a namespace with a cable to its node for each interface')
    .argument('<host>', 'its name')
    .requiredOption('--node <node>', 'the node that it is plugged into')
    .requiredOption('-i, --interfaces <names>', 'its interfaces, separated by commas', parseList)
    .option('-a, --address <interface=address>', 'an address with prefix length; repeatable', collectPair, [])
    .option('--mac <interface=mac>', 'a MAC address; repeatable', collectPair, [])
    .option('--mtu <bytes>', 'of all interfaces (default: 1500)', parseCount)
    .addHelpText(
      'after',
      examples(
        ['heddle lab host r1 --node n1 --interfaces gig1,gig2', 'plugged in as r1-gig1, r1-gig2'],
        ['heddle lab host r2 --node n2 -i gig1 -a gig1=10.0.0.2/24', 'with an address'],
        ['heddle lab host r3 --node n2 -i gig1 --mtu 9000', 'with jumbo frames'],
      ),
    )
    .action(async (name: string, options: HostCommandOptions) => {
      const interfaces = interfacesOf(options)
      const lab = await openLab(options.name, io.clock)
      const host = viewHost(await lab.addHost({ name, node: options.node, interfaces }))
      print(io, options, host, (palette) => hostTable([host], palette))
    })
  return withOutput(withName(command))
}

export const unhostCommand = (io: Io): Command => {
  const command = new Command('unhost')
    .description('remove a host with everything that runs in it')
    .argument('<host>', 'its name')
    .addHelpText('after', examples(['heddle lab unhost r1', 'its cables are pulled out of the node']))
    .action(async (name: string, options: NameOption & PrintOptions) => {
      const lab = await openLab(options.name, io.clock)
      if (!(await lab.removeHost(name))) {
        throw new CliError('failed', `lab ${lab.name} has no host called ${name}`)
      }
      print(io, options, { removed: name }, () => `${name} is removed\n`)
    })
  return withOutput(withName(command))
}
