/** The controller's logger in the shape that Fastify wants for the little that it says itself. */
import type { FastifyBaseLogger } from 'fastify'
import type { Logger } from '#model/logger.js'

const fieldsOf = (value: object): Readonly<Record<string, unknown>> =>
  value instanceof Error ? { err: value } : { ...value }

/** Fastify logs words, fields and words, or an error. */
const adapted =
  (logger: Logger, level: keyof Logger) =>
  (first: unknown, second?: unknown): void => {
    if (typeof first === 'object' && first !== null)
      logger[level](fieldsOf(first), String(second ?? 'fastify'))
    else logger[level]({}, String(first))
  }

const nothing = (): void => {}

/** Children are the logger itself: what they would add, our lines carry anyway. */
export const fastifyLogger = (logger: Logger): FastifyBaseLogger => {
  const shaped: FastifyBaseLogger = {
    level: 'debug',
    silent: nothing,
    trace: nothing,
    debug: adapted(logger, 'debug'),
    info: adapted(logger, 'info'),
    warn: adapted(logger, 'warn'),
    error: adapted(logger, 'error'),
    fatal: adapted(logger, 'error'),
    child: () => shaped,
  }
  return shaped
}
