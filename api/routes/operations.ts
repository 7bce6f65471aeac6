/** Probes and metrics, for those who run the controller. */
import { z } from 'zod'
import type { Fabric } from '../fabric.js'
import type { RestApp } from '../rest-app.js'

const health = z
  .object({ ok: z.boolean(), reason: z.string().optional().describe('Why not') })
  .meta({ id: 'Health' })
export type Health = z.infer<typeof health>

const readiness = z
  .object({ ready: z.boolean(), reason: z.string().optional().describe('Why not') })
  .meta({ id: 'Readiness' })
export type Readiness = z.infer<typeof readiness>

const tags = ['operations']
const open = { config: { open: true } }

/** Adds the probes, which need no token, and the metrics. */
export const addOperations = (app: RestApp, fabric: Fabric): void => {
  app.get(
    '/healthz',
    {
      ...open,
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'Alive and answering',
        response: { 200: health, 503: health },
        security: [],
      },
    },
    async (_request, reply) => {
      const state = fabric.health()
      return reply.code(state.ok ? 200 : 503).send(state)
    },
  )
  app.get(
    '/readyz',
    {
      ...open,
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'Able to take changes: the northbound database is connected and its lock is held',
        response: { 200: readiness, 503: readiness },
        security: [],
      },
    },
    async (_request, reply) => {
      const state = fabric.readiness()
      return reply.code(state.ready ? 200 : 503).send(state)
    },
  )
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        operationId: 'getMetrics',
        summary: 'Prometheus text exposition',
        response: { 200: { content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_request, reply) => {
      const { contentType, body } = await fabric.metrics()
      return reply.type(contentType).send(body)
    },
  )
}
