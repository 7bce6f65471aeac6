/**
 * A real Open vSwitch with dummy devices: packets are put into a port as bytes and taken out of another as bytes, without root,
 * namespaces or a network. Debian's daemons have it: `ovs-vswitchd --enable-dummy`.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { dial } from '#link/dial.js'
import { Session } from '#ovsdb/session.js'

const run = promisify(execFile)

/** Ports that carry test packets, and two that only tell when they are through. */
const ofports = [1, 2, 3, 4, 5, 6]
const [sentinelIn, sentinelOut] = [8, 9]
const sentinelFlow = `table=0,priority=65535,in_port=${sentinelIn},actions=output:${sentinelOut}`
const sentinel = `02000000000902000000000888b5${'00'.repeat(46)}`

const pcapHeaderSize = 24
const recordHeaderSize = 16

/** The packets of a capture file; the last one may be cut off while it is being written. */
const readCapture = (file: Buffer): string[] => {
  const found: string[] = []
  for (let at = pcapHeaderSize; at + recordHeaderSize <= file.length; ) {
    const length = file.readUInt32LE(at + 8)
    const end = at + recordHeaderSize + length
    if (end > file.length) break
    found.push(file.subarray(at + recordHeaderSize, end).toString('hex'))
    at = end
  }
  return found
}

export class DummySwitch {
  private readonly seen = new Map<number, number>()

  private control: Session | undefined

  private constructor(private readonly directory: string) {}

  static async start(): Promise<DummySwitch> {
    const directory = await mkdtemp(join(tmpdir(), 'heddle-dummy-'))
    const one = new DummySwitch(directory)
    await run('ovsdb-tool', [
      'create',
      join(directory, 'conf.db'),
      '/usr/share/openvswitch/vswitch.ovsschema',
    ])
    const daemon = ['--pidfile', '--detach', '--no-chdir', '--log-file']
    await one.command('ovsdb-server', [
      ...daemon,
      `--remote=punix:${directory}/db.sock`,
      `--unixctl=${directory}/db.ctl`,
      join(directory, 'conf.db'),
    ])
    await one.vsctl('--no-wait', 'init')
    await one.command('ovs-vswitchd', [
      ...daemon,
      '--enable-dummy',
      '--disable-system',
      `--unixctl=${directory}/vs.ctl`,
      `unix:${directory}/db.sock`,
    ])
    await one.addBridge()
    // Its control socket speaks JSON-RPC 1.0, as a database does.
    one.control = new Session(await dial({ kind: 'unix', path: `${directory}/vs.ctl` }))
    return one
  }

  /** Where the bridge takes OpenFlow connections. */
  get bridgeSocket(): string {
    return join(this.directory, 'br0.mgmt')
  }

  async stop(): Promise<void> {
    this.control?.close()
    for (const daemon of ['ovs-vswitchd', 'ovsdb-server']) {
      const pid = Number(await readFile(join(this.directory, `${daemon}.pid`), 'utf8'))
      process.kill(pid)
    }
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Replaces all flows and groups. */
  async program(flows: readonly string[], groups: readonly string[]): Promise<void> {
    // Flows first: Open vSwitch 3.1 dies of a group that goes while one flow names it twice.
    await this.ofctl('del-flows', 'br0')
    await this.ofctl('del-groups', 'br0')
    for (const group of groups) await this.ofctl('add-group', 'br0', group)
    const file = join(this.directory, 'flows')
    await writeFile(file, [...flows, sentinelFlow].join('\n'))
    await this.ofctl('replace-flows', 'br0', file)
    await this.appctl('revalidator/purge')
  }

  /** What leaves by which port when a packet enters by port 1: `port: hex`, sorted. */
  async send(hex: string): Promise<string[]> {
    await this.appctl('netdev-dummy/receive', 'p1', hex)
    await this.appctl('netdev-dummy/receive', `p${sentinelIn}`, sentinel)
    for (let tries = 0; (await this.fresh(sentinelOut)).length === 0; tries++) {
      if (tries > 500) throw new Error('the switch does not forward')
      await setTimeout(2)
    }
    const found = await Promise.all(
      ofports.map(async (ofport) => (await this.fresh(ofport)).map((packet) => `${ofport}: ${packet}`)),
    )
    return found.flat().sort()
  }

  private async addBridge(): Promise<void> {
    const settings = ['datapath_type=dummy', 'fail_mode=secure', 'other_config:disable-in-band=true']
    const ports = [...ofports, sentinelIn, sentinelOut].flatMap((ofport) => [
      '--',
      'add-port',
      'br0',
      `p${ofport}`,
      '--',
      'set',
      'Interface',
      `p${ofport}`,
      'type=dummy',
      `ofport_request=${ofport}`,
      `options:tx_pcap=${this.capture(ofport)}`,
    ])
    await this.vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', ...settings, ...ports)
  }

  private capture(ofport: number): string {
    return join(this.directory, `p${ofport}.pcap`)
  }

  /** Packets that have left since this was last asked. */
  private async fresh(ofport: number): Promise<string[]> {
    const all = readCapture(await readFile(this.capture(ofport)))
    const before = this.seen.get(ofport) ?? 0
    this.seen.set(ofport, all.length)
    return all.slice(before)
  }

  private async command(program: string, args: readonly string[]): Promise<void> {
    const { directory } = this
    const env = { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory }
    await run(program, [...args], { env })
  }

  private vsctl(...args: string[]): Promise<void> {
    return this.command('ovs-vsctl', ['--timeout=10', `--db=unix:${this.directory}/db.sock`, ...args])
  }

  private ofctl(...args: string[]): Promise<void> {
    return this.command('ovs-ofctl', ['-O', 'OpenFlow15', ...args])
  }

  private async appctl(method: string, ...args: string[]): Promise<void> {
    await this.control?.request(method, args)
  }
}
