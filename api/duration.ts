/** Durations in queries: `5s`, `500ms`, `1m`, or a plain number of seconds. */
import { z } from 'zod'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** Milliseconds of a duration; undefined for what is none. */
export const parseDuration = (text: string): number | undefined => {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m)?$/.exec(text) ?? []
  const factor = unitMs[unit]
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

const waitMaxMs = 60_000

/** `?wait=`: how long a change waits for its confirmation by the switches, in milliseconds once parsed. */
export const wait = z
  .string()
  .default('5s')
  .transform((text, context): number => {
    const ms = parseDuration(text)
    if (ms !== undefined && ms <= waitMaxMs) return ms
    context.addIssue(ms === undefined ? 'a duration: 5s, 500ms, 1m or seconds' : 'at most 60s')
    return z.NEVER
  })
  .describe('How long to wait for the switches: `5s`, `500ms` or seconds; at most 60s, 0 answers once stored')
