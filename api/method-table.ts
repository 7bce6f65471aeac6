/** Which methods a path has, so that a wrong one is answered with 405 and `Allow` (RFC 9110, section 15.5.6) and not with 404. */
import type { FastifyInstance } from 'fastify'

export interface MethodTable {
  /** The methods of a path, sorted; none if the path is unknown. */
  allowed(path: string): readonly string[]
}

/** `/v1/links/:name` as an expression that such paths match. */
const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/:[^/]+/g, '[^/]+')}$`,
  )

/** The methods of every route that `app` gets from now on. */
export const methodTable = (app: FastifyInstance): MethodTable => {
  const routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ path: expressionOf(url), methods: [method].flat() })
  })
  return {
    allowed: (path) => {
      const methods = routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods)
      return [...new Set(methods)].sort()
    },
  }
}
