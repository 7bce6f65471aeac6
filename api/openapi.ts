/**
 * The OpenAPI document, generated from the zod schemas of the routes, and its page at `/docs`. What is true of every
 * route (its failures, what a status means) is added here once.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { problemMediaType } from './problem.js'
import type { RestApp } from './rest-app.js'

const descriptions: Readonly<Record<string, string>> = {
  '200': 'Done',
  '201': 'Created, and confirmed by the switches where they have a part in it',
  '202': 'Stored; the switches have not confirmed all of it yet',
  '204': 'Done; there is nothing to say about it',
  '503': 'Not now',
}

/** A JSON object that is not looked into further. */
type Tree = { [name: string]: unknown }

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const childrenOf = (value: unknown): readonly Tree[] =>
  isTree(value) ? Object.values(value).filter(isTree) : []

const failure = {
  description: 'A failure, as RFC 9457 describes it',
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** What zod says too strictly for a document: answers may get more fields one day, and a number needs no bound that is none. */
const loosen = ({
  zodSchema,
  jsonSchema,
}: Parameters<NonNullable<z.core.ToJSONSchemaParams['override']>>[0]): void => {
  const { def } = zodSchema._zod
  if (def.type === 'object' && !('catchall' in def && def.catchall !== undefined)) {
    delete jsonSchema.additionalProperties
  }
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
}

const zodToJsonConfig = { override: loosen }
const transform = createJsonSchemaTransform({ zodToJsonConfig })
const transformObject = createJsonSchemaTransformObject({ zodToJsonConfig })

/** Registers the generator; it sees the routes that are added from now on. */
export const describeApi = (app: RestApp, guarded: boolean): void => {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Heddle',
        version: '1',
        description:
          'A programmable fabric controller for Open vSwitch: links between interfaces on many nodes.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: guarded ? [{ bearer: [] }] : [{ bearer: [] }, {}],
      tags: ['links', 'topologies', 'nodes', 'networks', 'endpoints', 'mappings', 'events', 'operations'].map(
        (name) => ({ name }),
      ),
    },
    transform,
    transformObject: (document) => {
      const whole: unknown = transformObject(document)
      return isTree(whole) ? complete(whole) : {}
    },
  })
  app.register(swaggerUi, { routePrefix: '/docs', validatorUrl: false, uiConfig: { docExpansion: 'list' } })
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger()))
  })
}

/** Adds what every operation has, and drops schemas that nothing refers to. */
const complete = (whole: Tree): Tree => {
  const document = withPlainNames(whole)
  for (const path of childrenOf(document.paths)) for (const operation of childrenOf(path)) describe(operation)
  const components = isTree(document.components) ? document.components : {}
  const schemas = isTree(components.schemas) ? components.schemas : {}
  return { ...document, components: { ...components, schemas: used(document, schemas) } }
}

/** The generator makes two schemas of each, `LinkSpec` and `LinkSpecInput`. Ours read and write the same, so one will do. */
const withPlainNames = (document: Tree): Tree => {
  const plain: unknown = JSON.parse(
    JSON.stringify(document).replaceAll(/("#\/components\/schemas\/\w+)Input"/g, '$1"'),
  )
  return isTree(plain) ? plain : document
}

const describe = (operation: Tree): void => {
  const responses = isTree(operation.responses) ? operation.responses : {}
  for (const [status, response] of Object.entries(responses)) {
    if (isTree(response)) response.description = descriptions[status] ?? response.description
  }
  responses.default = failure
}

const references = (value: unknown): readonly string[] =>
  [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)

/** The schemas that the paths refer to, directly or not. */
const used = (document: Tree, schemas: Tree): Tree => {
  const seen = new Set<string>()
  const visit = (names: readonly string[]): void => {
    for (const name of names) {
      if (seen.has(name) || !Object.hasOwn(schemas, name)) continue
      seen.add(name)
      visit(references(schemas[name]))
    }
  }
  visit(references(document.paths))
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => seen.has(name)))
}
