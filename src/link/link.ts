/**
 * The life of a connection as a value: when to dial, when to give up, when to ask a silent peer whether it is there.
 * In the manner of Open vSwitch's `reconnect`: no socket, no clock, no timer. The owner reports what happened, calls `run`
 * at the latest at `deadline`, and obeys the action that comes back. OVSDB and OpenFlow stand on the same machine.
 */
import type { Random } from './random.js'

/** All times in milliseconds. */
export interface LinkOptions {
  /** An accepted connection: it starts open and, once lost, is over. */
  readonly passive: boolean
  readonly backoffMsMin: number
  readonly backoffMsMax: number
  /** Dialling, TLS included. */
  readonly connectMsMax: number
  /** From open to established: a peer that says nothing useful holds a connection no longer. */
  readonly handshakeMsMax: number
  /** Silence during the initial load, when no probe is sent. */
  readonly loadSilenceMsMax: number
  /** Silence after which a peer is probed: the least of it, from which it adapts. 0 sends no probes. */
  readonly probeMsMin: number
  readonly probeMsMax: number
  /** Failed attempts in a row before the link ends. */
  readonly triesMax: number
  /** Attempts that follow a failure at once: one less than the number of remotes to choose from. */
  readonly freeTries: number
  /** An owner that calls `run` later than this after a deadline was asleep: the peer gets the time again. */
  readonly lateMsMax: number
}

export const linkDefaults: LinkOptions = {
  passive: false,
  backoffMsMin: 1_000,
  backoffMsMax: 8_000,
  connectMsMax: 10_000,
  handshakeMsMax: 10_000,
  loadSilenceMsMax: 60_000,
  probeMsMin: 5_000,
  probeMsMax: 60_000,
  triesMax: Number.POSITIVE_INFINITY,
  freeTries: 0,
  lateMsMax: 1_000,
}

/** Where the link is; `until` is when it wants to be run. */
export type LinkPhase =
  | { readonly state: 'idle' }
  | { readonly state: 'backoff'; readonly until: number }
  | { readonly state: 'connecting'; readonly until: number }
  | { readonly state: 'handshaking'; readonly until: number }
  | { readonly state: 'loading'; readonly since: number; readonly until: number }
  | { readonly state: 'active'; readonly since: number; readonly until: number }
  | { readonly state: 'probing'; readonly since: number; readonly sentAt: number; readonly until: number }
  | { readonly state: 'ended'; readonly reason: string }

export type LinkState = LinkPhase['state']

export interface Link {
  readonly options: LinkOptions
  readonly phase: LinkPhase
  /** The wait before the next attempt, without jitter; 0 before the first failure. */
  readonly backoffMs: number
  /** Failed attempts since the link last stayed up. */
  readonly tries: number
  readonly freeTriesLeft: number
  /** The silence after which this peer is probed, as it has adapted. */
  readonly probeMs: number
}

/** What the owner must do now. */
export type LinkAction =
  | { readonly do: 'connect' }
  | { readonly do: 'disconnect'; readonly reason: 'connect' | 'handshake' | 'load' | 'probe' }
  | { readonly do: 'probe' }

export interface LinkTurn {
  readonly link: Link
  readonly action?: LinkAction
}

/** A link to dial, not yet enabled. */
export const newLink = (options: Partial<LinkOptions> = {}): Link => {
  const all = { ...linkDefaults, ...options }
  return {
    options: all,
    phase: { state: 'idle' },
    backoffMs: 0,
    tries: 0,
    freeTriesLeft: all.freeTries,
    probeMs: all.probeMsMin,
  }
}

/** A link over a connection that the peer opened. */
export const acceptedLink = (now: number, options: Partial<LinkOptions> = {}): Link => {
  const link = newLink({ ...options, passive: true })
  return moved(link, { state: 'handshaking', until: now + link.options.handshakeMsMax })
}

/** Starts dialling: `run` asks for a connection at once. */
export const enable = (link: Link, now: number): Link =>
  link.phase.state === 'idle' && !link.options.passive ? moved(link, { state: 'backoff', until: now }) : link

/** Stops for good or until enabled again; the owner closes what is open. */
export const disable = (link: Link): Link => ({
  ...newLink(link.options),
  phase: link.options.passive ? { state: 'ended', reason: 'stopped' } : { state: 'idle' },
})

/** The connection is open; the peer has proven nothing yet. */
export const opened = (link: Link, now: number): Link =>
  link.phase.state === 'connecting'
    ? moved(link, { state: 'handshaking', until: now + link.options.handshakeMsMax })
    : link

/** The peer is who it should be and sends its initial dump: probes are suspended. */
export const loading = (link: Link, now: number): Link =>
  link.phase.state === 'handshaking' || link.phase.state === 'active'
    ? moved(link, { state: 'loading', since: now, until: now + link.options.loadSilenceMsMax })
    : link

/** The peer is ready. What a load took says how slow a busy peer is: its probes become as much rarer. */
export const established = (link: Link, now: number): Link => {
  const { phase } = link
  if (phase.state !== 'handshaking' && phase.state !== 'loading') return link
  const probeMs = phase.state === 'loading' ? adapted(link, (now - phase.since) * 2) : link.probeMs
  const settled = { ...link, probeMs }
  return moved(settled, { state: 'active', since: now, until: silenceEnds(settled, now) })
}

/** Bytes came. */
export const received = (link: Link, now: number): Link => {
  const { phase } = link
  switch (phase.state) {
    case 'loading':
      return moved(link, { ...phase, until: now + link.options.loadSilenceMsMax })
    case 'active':
      return moved(link, { ...phase, until: silenceEnds(link, now) })
    case 'probing': {
      const next = { ...link, probeMs: adapted(link, (now - phase.sentAt) * 4) }
      return moved(next, { state: 'active', since: phase.since, until: silenceEnds(next, now) })
    }
    default:
      return link
  }
}

/** The attempt failed or the connection is gone. A link that stayed up longer than its backoff starts afresh. */
export const lost = (link: Link, now: number, random: Random, reason: string): Link => {
  const { phase, options } = link
  if (phase.state === 'idle' || phase.state === 'backoff' || phase.state === 'ended') return link
  if (options.passive) return moved(link, { state: 'ended', reason })
  const stayed =
    (phase.state === 'active' || phase.state === 'probing') &&
    now - phase.since >= Math.max(link.backoffMs, options.backoffMsMin)
  const tries = stayed ? 0 : link.tries + 1
  if (tries >= options.triesMax) return moved({ ...link, tries }, { state: 'ended', reason })
  const freeTriesLeft = stayed ? options.freeTries : link.freeTriesLeft
  if (freeTriesLeft > 0) {
    const backoffMs = stayed ? 0 : link.backoffMs
    const next = { ...link, tries, backoffMs, freeTriesLeft: freeTriesLeft - 1 }
    return moved(next, { state: 'backoff', until: now })
  }
  const doubled = stayed ? 0 : link.backoffMs * 2
  const backoffMs = Math.min(options.backoffMsMax, Math.max(options.backoffMsMin, doubled))
  const next = { ...link, tries, backoffMs, freeTriesLeft: options.freeTries }
  return moved(next, { state: 'backoff', until: now + backoffMs * (0.5 + random() / 2) })
}

/** When `run` must be called at the latest; undefined where nothing but an event moves the link. */
export const deadline = (link: Link): number | undefined =>
  'until' in link.phase && link.phase.until !== Number.POSITIVE_INFINITY ? link.phase.until : undefined

/** What to do at `now`. A disconnect that is asked for has already happened as far as the link is concerned. */
export const run = (link: Link, now: number, random: Random): LinkTurn => {
  const { phase, options } = link
  if (!('until' in phase) || now < phase.until) return { link }
  if (phase.state === 'backoff') {
    const next = moved(link, { state: 'connecting', until: now + options.connectMsMax })
    return { link: next, action: { do: 'connect' } }
  }
  if (phase.state === 'active') {
    const until = now + link.probeMs
    const next = moved(link, { state: 'probing', since: phase.since, sentAt: now, until })
    return { link: next, action: { do: 'probe' } }
  }
  // Whoever was asleep has not read what the peer sent in the meantime: read first, then judge.
  if (now - phase.until > options.lateMsMax) {
    return { link: moved(link, { ...phase, until: now + options.lateMsMax }) }
  }
  const reason = reasons[phase.state]
  const gone = lost(link, now, random, overdue[reason])
  return { link: gone, action: { do: 'disconnect', reason } }
}

const reasons = {
  connecting: 'connect',
  handshaking: 'handshake',
  loading: 'load',
  probing: 'probe',
} as const

/** The same in words, for logs and errors. */
export const overdue = {
  connect: 'no connection in time',
  handshake: 'no handshake in time',
  load: 'silence during the initial load',
  probe: 'no answer to a probe',
} as const

const moved = (link: Link, phase: LinkPhase): Link => ({ ...link, phase })

const silenceEnds = (link: Link, now: number): number =>
  link.options.probeMsMin === 0 ? Number.POSITIVE_INFINITY : now + link.probeMs

/** Grows at once to what a slow peer needs and shrinks by an eighth at a time when it is quick again. */
const adapted = (link: Link, wantedMs: number): number => {
  const { probeMsMin, probeMsMax } = link.options
  const wanted = Math.min(Math.max(wantedMs, probeMsMin), Math.max(probeMsMin, probeMsMax))
  return wanted >= link.probeMs ? wanted : link.probeMs - (link.probeMs - wanted) / 8
}
