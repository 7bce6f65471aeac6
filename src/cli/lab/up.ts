/** `heddle lab up`. */
import { Presets, SingleBar } from 'cli-progress'
import { Command, Option } from 'commander'
import { createLab, type LabOptions, type LabProgress } from '#lab/create-lab.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type PrintOptions, print, withOutput } from '../print.js'
import { counted, duration } from '../text.js'
import { type NameOption, parseCount, parseList, withName } from './options.js'
import { labText, viewLab } from './view.js'

interface UpOptions extends NameOption, PrintOptions {
  readonly nodes: number | string[]
  /** True for `--controller` without a target. */
  readonly controller?: string | true
  readonly datapath: NonNullable<LabOptions['datapath']>
  readonly rloc: NonNullable<LabOptions['rlocFamily']>
  readonly underlayMtu?: number
}

const parseNodes = (text: string): number | string[] => (/^\d+$/.test(text) ? Number(text) : parseList(text))

/** A bar on a terminal; nothing elsewhere, since what comes of it is printed at the end. */
const progressBar = (io: Io): { show(progress: LabProgress): void; end(): void } => {
  if (io.stderr.isTTY !== true) return { show: () => {}, end: () => {} }
  const format = '{bar} {value}/{total} nodes  {step}'
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true }, Presets.shades_classic)
  let started = false
  return {
    show: ({ done, total, step }) => {
      if (!started) bar.start(total, done, { step })
      else bar.update(done, { step })
      started = true
    },
    end: () => bar.stop(),
  }
}

const up = async (io: Io, options: UpOptions): Promise<void> => {
  const { controller, underlayMtu } = options
  const begun = io.clock.now()
  const bar = progressBar(io)
  const lab = await createLab({
    name: options.name,
    nodes: options.nodes,
    ...(controller === undefined ? {} : { controller: controller === true ? 'auto' : controller }),
    datapath: options.datapath,
    rlocFamily: options.rloc,
    ...(underlayMtu === undefined ? {} : { underlayMtu }),
    onProgress: bar.show,
    signal: io.signal,
    clock: io.clock,
  }).finally(bar.end)
  const took = duration(io.clock.now() - begun)
  const view = await viewLab(lab)
  print(io, options, view, (palette) => {
    const done = `${palette.green('up')} in ${took}, ${counted(view.nodes.length, 'node')}`
    return `${labText(view, palette)}\n${done}\n`
  })
}

export const upCommand = (io: Io): Command => {
  const command = new Command('up')
    .description('bring a lab up')
    .option('-N, --nodes <count|names>', 'how many nodes (n1, n2, …), or their names', parseNodes, 3)
    .option(
      '-c, --controller [target]',
      "the nodes' OVSDB manager; without a target, port 6640 of the lab's controller address",
    )
    .addOption(
      new Option('--datapath <kind>', 'where packets are forwarded')
        .choices(['auto', 'netdev', 'system'])
        .default('auto'),
    )
    .addOption(
      new Option('--rloc <family>', 'the addresses of the tunnels').choices(['ipv4', 'ipv6']).default('ipv4'),
    )
    .option('--underlay-mtu <bytes>', 'MTU between the nodes (default: 1600)', parseCount)
    .addHelpText(
      'after',
      examples(
        ['heddle lab up', 'three nodes, n1 to n3'],
        ['heddle lab up --nodes 100 --name big', 'a hundred, beside it'],
        ['heddle lab up --nodes leaf1,leaf2,spine', 'with names of your own'],
        ['heddle lab up --controller', 'that look for a controller at the address shown'],
        ['heddle lab up --controller tcp:192.0.2.1:6640', 'or elsewhere'],
        ['heddle lab up --underlay-mtu 9216', 'for jumbo frames'],
      ),
    )
    .action((options: UpOptions) => up(io, options))
  return withOutput(withName(command))
}
