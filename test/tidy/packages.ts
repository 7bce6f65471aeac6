/** Where each package of npm is at home: what it does is wrapped there, and the others do not see it. */
export const homes: Readonly<Record<string, readonly string[]>> = {
  fastify: ['api'],
  '@fastify/swagger': ['api'],
  '@fastify/swagger-ui': ['api'],
  'fastify-type-provider-zod': ['api'],
  'eventsource-parser': ['api'],
  'json-rpc-2.0': ['ovsdb'],
  'ip-num': ['src/model', 'lisp'],
  zod: ['src/model', 'src/settings.ts', 'src/config.ts', 'api'],
  yaml: ['src/yaml-source.ts', 'src/cli'],
  pino: ['src/main.ts'],
  'prom-client': ['src/fabric'],
  commander: ['src/cli', 'bench'],
  'cli-progress': ['src/cli'],
  picocolors: ['src/cli', 'bench'],
  vitest: ['test'],
  'fast-check': ['test'],
}
