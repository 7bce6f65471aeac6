/** `npm run bench -- NAME`: runs one bench, prints its table, and with --json a last line for programs. */
import { Command, Option } from 'commander'
import { type BenchResult, tableOf } from './report.js'

/** What a bench may be told; each takes what it knows. */
export interface BenchOptions {
  /** Measure the peers as well: installs them where they are missing. */
  readonly peers: boolean
  /** Overlay networks instead of wires, where a bench has both. */
  readonly networks: boolean
  /** How many nodes, where a bench can do with fewer. */
  readonly nodes?: number
  readonly say: (line: string) => void
}

type Bench = (options: BenchOptions) => Promise<BenchResult>

interface Entry {
  readonly about: string
  readonly load: () => Promise<Bench>
}

/** Every bench, loaded only when it runs. */
const benches: Readonly<Record<string, Entry>> = {
  wires: {
    about: 'wires on real switches; with --peers beside the shell and OVN',
    load: async () => (await import('./wires.js')).run,
  },
  scale: {
    about: '200 simulated switches with 50,000 wires; with --networks 1,000 with 100,000 endpoints',
    load: async () => {
      const [wires, networks] = [await import('./scale.js'), await import('./scale-networks.js')]
      return (options) => (options.networks ? networks : wires).run(options)
    },
  },
  codec: {
    about: 'OpenFlow and OVSDB encoding and decoding',
    load: async () => (await import('./codec.js')).run,
  },
  cni: {
    about: 'ADD and DEL of the CNI plugin beside bridge and host-local',
    load: async () => (await import('./cni.js')).run,
  },
  'first-packet': {
    about: 'the first ping to an EID that no node has in its map-cache, and the second',
    load: async () => (await import('./first-packet.js')).run,
  },
  move: {
    about: 'packets lost when an EID moves under 1,000 packets a second',
    load: async () => (await import('./move.js')).run,
  },
  dataplane: {
    about: 'TCP and RTT between containers on two nodes beside flows written by hand',
    load: async () => (await import('./dataplane.js')).run,
  },
  replica: {
    about: 'replication of a 20,000-port database beside the floor of reading and parsing',
    load: async () => {
      const { run } = await import('./replica.js')
      return () => run()
    },
  },
  lisp: {
    about: 'Map-Requests, Map-Registers and notifies over UDP beside a bare echo',
    load: async () => (await import('./lisp.js')).run,
  },
}

const program = new Command('npm run bench --')
  .description('measure Heddle beside its peers')
  .argument('<name>', `which bench: ${Object.keys(benches).join(', ')}`)
  .option('--peers', 'measure the peers as well (installs what they need)', false)
  .option('--networks', 'of scale: endpoints of a network instead of wires', false)
  .addOption(
    new Option('--nodes <count>', 'of scale --networks: fewer nodes, of 100 endpoints each').argParser(
      Number,
    ),
  )
  .addOption(new Option('--json', 'print the result as JSON in the last line').default(false))
  .addHelpText(
    'after',
    `\nBenches:\n${Object.entries(benches)
      .map(([name, { about }]) => `  ${name.padEnd(14)}${about}`)
      .join('\n')}`,
  )
  .action(async (name: string, { json, ...told }: Omit<BenchOptions, 'say'> & { json: boolean }) => {
    const entry = Object.hasOwn(benches, name) ? benches[name] : undefined
    if (entry === undefined)
      return program.error(`there is no bench ${name}: ${Object.keys(benches).join(', ')}`)
    const run = await entry.load()
    const outcome = await run({ ...told, say: (line) => process.stderr.write(`${line}\n`) })
    process.stdout.write(`${tableOf(outcome)}\n`)
    if (json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
    process.exit(outcome.ok ? 0 : 1)
  })

await program.parseAsync()
