/** `heddle completion names`: the names that the controller knows, one a line, for the completion scripts. */
import { Argument, type Command } from 'commander'
import type { Client } from '#api/client.js'
import { type Listable, listable } from './command-shape.js'
import { asking, connect, type ServerOptions } from './connect.js'
import type { Io } from './io.js'

/** Nobody scrolls through more. */
const namesMax = 1000

const lists: Readonly<Record<Listable, (client: Client) => Promise<readonly { readonly name: string }[]>>> = {
  nodes: async (client) => (await client.nodes()).nodes,
  links: async (client) => (await client.links({ limit: namesMax })).links,
  topologies: async (client) => (await client.topologies()).topologies,
  sites: async (client) => (await client.mappings.sites()).sites,
  networks: async (client) => (await client.overlay.networks({ limit: namesMax })).networks,
  endpoints: async (client) => {
    const { endpoints } = await client.overlay.endpoints({ limit: namesMax })
    return endpoints.map(({ id }) => ({ name: id }))
  },
}

const isListable = (word: string): word is Listable => listable.some((one) => one === word)

export const namesCommand = (io: Io): Command =>
  asking('names')
    .description('print the names of objects, for completion scripts')
    .addArgument(new Argument('<kind>', 'what to list').choices(listable))
    .action(async (kind: string, options: ServerOptions) => {
      if (!isListable(kind)) return
      const objects = await lists[kind](await connect(io, options))
      for (const { name } of objects.slice(0, namesMax)) io.stdout.write(`${name}\n`)
    })
