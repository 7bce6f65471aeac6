/**
 * Which devices the switch has opened. Where Open vSwitch forwards in user space it reads and writes a device through sockets of
 * its own: when a container goes and comes back, its new device bears the old name and the port is as deaf as it looks healthy
 * (same ofport, no error). The interface index tells them apart; such a port has to be taken off the bridge and put back, in two
 * steps, since a port that goes and comes in one is left as it is. The kernel datapath closes ports by itself.
 */
import type { ChangeSet } from '#ovsdb/replica.js'
import type { InterfaceRow, SwitchTable } from './tables.js'

const isOpen = ({ type, ofport }: InterfaceRow): boolean => type === '' && ofport !== null && ofport > 0

export class Devices {
  /** Interface index by the UUID of the row, as it was when the switch opened the device. */
  private readonly opened = new Map<string, number>()
  /** Names of interfaces whose index is to be written down. */
  private readonly news = new Set<string>()
  private loaded = false
  /** Ports that are being put back, by name: they are off the bridge and not out of the switch yet. */
  private readonly leaving = new Set<string>()

  /**
   * Takes rows up as they are when the switch connects. `recorded` is what was written down of an interface; a switch that has
   * just started has opened every device as it is now, whatever was written down.
   */
  load(
    rows: Iterable<InterfaceRow>,
    justStarted: boolean,
    recorded: (name: string) => number | undefined,
  ): void {
    this.loaded = true
    if (justStarted) this.opened.clear()
    for (const row of rows) {
      const known = justStarted || !isOpen(row) ? undefined : recorded(row.name)
      if (known !== undefined && !this.opened.has(row._uuid)) this.opened.set(row._uuid, known)
      this.note(row)
    }
  }

  /** Empties the list of what is to be written down: names of interfaces and their indexes. */
  takeNews(interfaceOf: (name: string) => InterfaceRow | undefined): [name: string, ifindex: number][] {
    const names = [...this.news]
    this.news.clear()
    return names.flatMap((name): [string, number][] => {
      const ifindex = this.opened.get(interfaceOf(name)?._uuid ?? '')
      return ifindex === undefined ? [] : [[name, ifindex]]
    })
  }

  get hasNews(): boolean {
    return this.news.size > 0
  }

  take(changes: ChangeSet<SwitchTable>): void {
    for (const change of changes) {
      if (change.table !== 'Interface') continue
      if (change.new === undefined) this.opened.delete(change.uuid)
      else this.note(change.new)
    }
  }

  /** What is wrong with the device of an interface, in the words of Open vSwitch where it has some. */
  fault(row: InterfaceRow): string | undefined {
    if (!isOpen(row)) return undefined
    if (row.ifindex === 0) return 'No such device'
    const before = this.opened.get(row._uuid)
    return before === undefined || row.ifindex === null || row.ifindex === before
      ? undefined
      : 'the device is another one than the switch has opened'
  }

  /** A port was taken off the bridge to be put back. */
  leave(name: string): void {
    this.leaving.add(name)
  }

  /** The switch has closed a port. */
  left(name: string): void {
    this.leaving.delete(name)
  }

  isLeaving(name: string): boolean {
    return this.leaving.has(name)
  }

  /** The channel is gone, and with it the word that ports have left. */
  forgetLeaving(): void {
    this.leaving.clear()
  }

  private note(row: InterfaceRow): void {
    if (!this.loaded) return
    if (!isOpen(row)) this.opened.delete(row._uuid)
    else if (row.ifindex !== null && row.ifindex > 0 && !this.opened.has(row._uuid)) {
      this.opened.set(row._uuid, row.ifindex)
      this.news.add(row.name)
    }
  }
}
