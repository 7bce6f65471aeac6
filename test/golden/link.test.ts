/** The link state machine against transcripts that a person can read: test/golden/link/*.txt. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as machine from '#link/link.js'

const folder = new URL('./link/', import.meta.url)
const always = (): number => 1

const readOptions = (words: readonly string[]): Partial<machine.LinkOptions> => {
  const options: Record<string, number> = {}
  const names: Record<string, readonly string[]> = {
    backoff: ['backoffMsMin', 'backoffMsMax'],
    probe: ['probeMsMin', 'probeMsMax'],
    load: ['loadSilenceMsMax'],
    handshake: ['handshakeMsMax'],
    free: ['freeTries'],
    tries: ['triesMax'],
  }
  for (const word of words) {
    const [name = '', values = ''] = word.split('=')
    const keys = names[name]
    if (keys === undefined) throw new Error(`unknown option ${name}`)
    values.split('..').forEach((value, i) => {
      options[keys[i] ?? name] = Number(value)
    })
  }
  return options
}

const print = (phase: machine.LinkPhase): string =>
  'until' in phase
    ? `${phase.state} until ${phase.until === Number.POSITIVE_INFINITY ? 'Infinity' : Math.round(phase.until)}`
    : `${phase.state}${phase.state === 'ended' ? ` ${phase.reason}` : ''}`

const happen = (link: machine.Link, now: number, event: string, rest: string): machine.Link => {
  switch (event) {
    case 'enable':
      return machine.enable(link, now)
    case 'disable':
      return machine.disable(link)
    case 'opened':
      return machine.opened(link, now)
    case 'loading':
      return machine.loading(link, now)
    case 'established':
      return machine.established(link, now)
    case 'received':
      return machine.received(link, now)
    case 'lost':
      return machine.lost(link, now, always, rest)
    case 'run':
      return link
    default:
      throw new Error(`unknown event ${event}`)
  }
}

/** Replays the event lines of a transcript and writes the lines that follow them. */
const replay = (transcript: string): string => {
  let link = machine.newLink()
  const out: string[] = []
  const show = (before: machine.LinkPhase): void => {
    if (print(link.phase) !== print(before)) out.push(`  ${print(link.phase)}`)
  }
  for (const line of transcript.split('\n')) {
    if (line.startsWith('  ')) continue
    out.push(line)
    if (line === '' || line.startsWith('#')) continue
    const [first = '', second = '', ...rest] = line.split(' ')
    if (first === 'link') {
      link = machine.newLink(readOptions([second, ...rest].filter((word) => word !== '')))
      continue
    }
    if (first === 'accepted') {
      link = machine.acceptedLink(Number(second), readOptions(rest))
      out.push(`  ${print(link.phase)}`)
      continue
    }
    const now = Number(first)
    let before = link.phase
    link = happen(link, now, second, rest.join(' '))
    show(before)
    for (let action: machine.LinkAction | undefined; ; ) {
      before = link.phase
      const turn = machine.run(link, now, always)
      link = turn.link
      action = turn.action
      show(before)
      if (action === undefined) break
      out.push(`  do ${action.do}${action.do === 'disconnect' ? ` ${action.reason}` : ''}`)
    }
  }
  return out.join('\n')
}

describe('link transcripts', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
    it(name, () => {
      const transcript = readFileSync(new URL(name, folder), 'utf8')
      expect(replay(transcript)).toBe(transcript)
    })
  }

  it('spreads attempts by chance between half the backoff and all of it', () => {
    const link = machine.run(machine.enable(machine.newLink(), 0), 0, always).link
    const wait = (chance: number) => machine.deadline(machine.lost(link, 0, () => chance, 'refused'))
    expect([wait(0), wait(0.5), wait(1)]).toEqual([500, 750, 1000])
  })
})
