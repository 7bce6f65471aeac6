/** OpenFlow ports of one bridge, by number: what the channel says of them, kept up to date by port-status. */
import type { MessageOf } from '#openflow/messages.js'

type PortDesc = MessageOf<'port_desc_reply'>['items'][number]
type PortStatus = MessageOf<'port_status'>

export interface InstalledPort {
  readonly name: string
  /** A port-mod must name it. */
  readonly hwAddr: string
  readonly linkDown: boolean
  readonly held: boolean
}

/** Strings that the database has already: a fabric has many ports, and every one bears its name in both. */
export interface KnownStrings {
  name(name: string): string
  mac(name: string, mac: string): string
}

const installed = ({ name, hwAddr, state, config }: PortDesc, known: KnownStrings): InstalledPort => ({
  name: known.name(name),
  hwAddr: known.mac(name, hwAddr),
  linkDown: state.some((flag) => flag === 'link_down'),
  held: config.some((flag) => flag === 'port_down'),
})

export class OpenFlowPorts {
  private readonly byNumber = new Map<number, InstalledPort>()

  constructor(private readonly known: KnownStrings) {}

  get(ofport: number): InstalledPort | undefined {
    return this.byNumber.get(ofport)
  }

  load(ports: readonly PortDesc[]): void {
    this.byNumber.clear()
    for (const port of ports) this.byNumber.set(port.portNo, installed(port, this.known))
  }

  /** Takes a port-status up; returns the name of the port that changed. */
  update({ reason, port }: PortStatus): string {
    if (reason === 'delete') this.byNumber.delete(port.portNo)
    else this.byNumber.set(port.portNo, installed(port, this.known))
    return port.name
  }

  clear(): void {
    this.byNumber.clear()
  }
}
