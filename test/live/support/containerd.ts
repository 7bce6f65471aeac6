/**
 * A containerd for each node of a lab, in the node's network namespace and with directories of its own: what runs on a machine of a
 * cluster. `nsenter` rather than `ip netns exec`, which mounts a /sys of its own and hides the cgroups from runc.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { type CommandResult, run, tryRun } from '#lab/command.js'
import type { LabNode } from '#lab/node.js'
import { pluginDirectory, referenceDirectory } from './cni.js'
import { imageName } from './container-image.js'
import { CriClient, type Pod } from './cri.js'

/** What a network configuration list is: the same as in /etc/cni/net.d. */
export interface ConflistOptions {
  readonly name: string
  readonly cniVersion?: string
  readonly plugins: readonly Readonly<Record<string, unknown>>[]
}

export interface Containerd {
  readonly node: LabNode
  readonly cri: CriClient
  /** `ctr` on this containerd, in the node's network namespace. */
  ctr(...args: readonly string[]): Promise<CommandResult>
  /** `ctr run --rm --cni`: resolves once the container runs; its end takes the network away. */
  runContainer(id: string): Promise<RunningContainer>
  /** Runs a command of this machine in a pod's network. */
  inPod(pod: Pick<Pod, 'pid'>, ...command: readonly string[]): Promise<CommandResult>
  stop(): Promise<void>
}

export interface RunningContainer {
  exec(...command: readonly string[]): Promise<CommandResult>
  /** Ends it; resolves when `ctr` has taken the network away, with its exit code. */
  end(): Promise<number | null>
}

const configurationOf = (directory: string, bin: string): string => `
version = 2
root = "${directory}/root"
state = "${directory}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${directory}/c.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  disable_cgroup = true
  disable_tcp_service = true
  restrict_oom_score_adj = true
  sandbox_image = "${imageName}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${bin}"
    conf_dir = "${directory}/net.d"
`

/** One directory with every plugin: the one of ours beside the reference ones, as on a node. */
const fillBin = async (bin: string): Promise<void> => {
  await mkdir(bin, { recursive: true })
  const theirs = (await readdir(referenceDirectory)).map((name) => `${referenceDirectory}/${name}`)
  await run('ln', ['-sf', ...theirs, `${pluginDirectory}/heddle-cni`, bin])
}

/** `ctr` looks for plugins and configurations where a machine has them: it gets a mount namespace in which they are the node's. */
const asMachine = (directory: string, command: readonly string[]): readonly string[] => {
  const script = `mount --make-rslave / && mkdir -p /etc/cni/net.d /opt/cni/bin &&
    mount --bind ${directory}/net.d /etc/cni/net.d && mount --bind ${directory}/bin /opt/cni/bin && exec "$@"`
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...command]
}

const wait = async (look: () => Promise<boolean>): Promise<void> => {
  await vi.waitFor(
    async () => {
      if (!(await look())) throw new Error('not yet')
    },
    { timeout: 20_000, interval: 20 },
  )
}

/** Starts containerd on a node and loads the image. @param directory of the node's own, short enough for sockets */
export const startContainerd = async (
  node: LabNode,
  directory: string,
  image: string,
  conflist: ConflistOptions,
): Promise<Containerd> => {
  const bin = join(directory, 'bin')
  await fillBin(bin)
  await mkdir(join(directory, 'net.d'))
  await writeFile(
    join(directory, 'net.d', '10-heddle.conflist'),
    JSON.stringify({ cniVersion: '1.0.0', ...conflist }),
  )
  await writeFile(join(directory, 'config.toml'), configurationOf(directory, bin))
  const socket = join(directory, 'c.sock')
  const enter = ['nsenter', `--net=/run/netns/${node.namespace}`]
  const log = await open(join(directory, 'log'), 'w')
  const program = [...enter, 'containerd', '--config', join(directory, 'config.toml')]
  const daemon = spawn(program[0] ?? '', program.slice(1), { stdio: ['ignore', log.fd, log.fd] })
  await log.close()
  const words = (args: readonly string[]): readonly string[] => [
    ...enter,
    ...asMachine(directory, ['ctr', '--address', socket, ...args]),
  ]
  const ctr = (...args: readonly string[]): Promise<CommandResult> => tryRun('env', words(args))
  await wait(async () => (await ctr('version')).code === 0)
  // Pods have a namespace (containerd's) of their own.
  for (const namespace of ['k8s.io', 'default']) {
    const { code, stderr } = await ctr('--namespace', namespace, 'images', 'import', image)
    if (code !== 0) throw new Error(stderr)
  }
  const cri = new CriClient(socket)
  return {
    node,
    cri,
    ctr,
    runContainer: (id) => runContainer(ctr, words(['run', '--rm', '--cni', imageName, id]), id),
    inPod: ({ pid }, ...command) => tryRun('nsenter', [`--net=/proc/${pid}/ns/net`, ...command]),
    stop: async () => {
      for (const id of await cri.pods().catch(() => [])) await cri.removePod({ id }).catch(() => {})
      cri.close()
      daemon.kill('SIGTERM')
      if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit')
      await unmountBelow(directory)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const ended = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

const runContainer = async (
  ctr: Containerd['ctr'],
  words: readonly string[],
  id: string,
): Promise<RunningContainer> => {
  const said: string[] = []
  const child = spawn('env', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  await wait(async () => {
    if (child.exitCode !== null) throw new Error(`ctr ended: ${said.join('')}`)
    return new RegExp(`^${id}\\s.*RUNNING`, 'm').test((await ctr('tasks', 'list')).stdout)
  })
  return {
    exec: (...command) =>
      ctr('tasks', 'exec', '--exec-id', `e${Math.trunc(performance.now() * 1000)}`, id, ...command),
    end: async () => {
      await ctr('tasks', 'kill', '--signal', 'KILL', id)
      return ended(child)
    },
  }
}

/** Root file systems and shared memory of containers that were there to the last. */
const unmountBelow = async (directory: string): Promise<void> => {
  const { stdout } = await tryRun('findmnt', ['--raw', '--noheadings', '--output', 'TARGET'])
  const mounts = stdout.split('\n').filter((target) => target.startsWith(`${directory}/`))
  for (const mount of mounts.reverse()) await tryRun('umount', ['--lazy', mount])
}
