/** The types that routes share: a Fastify whose schemas are zod's, and what every request carries besides Fastify's own. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { FabricError } from '#model/error.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the bearer token, or `anonymous`. */
    by: string
    /** The failure that was answered, for the log. */
    failure: FabricError | undefined
  }
  interface FastifyContextConfig {
    /** Answered without a token: probes have none. */
    open?: boolean
  }
}

export type RestApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>
