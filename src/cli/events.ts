/** `heddle events`: every change of state as it happens. */
import type { Command } from 'commander'
import type { FabricEvent, StreamedEvent } from '#api/client.js'
import { followEvents } from '#api/follow-events.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { type Palette, paletteFor } from './palette.js'
import { type PrintOptions, yamlOf } from './print.js'
import { plain } from './text.js'

export const eventsCommand = (io: Io): Command =>
  asking('events')
    .description('follow the changes of state, until Ctrl-C')
    .option('--since <id>', 'begin behind this event, whose id -o json shows')
    .addHelpText(
      'after',
      examples(
        ['heddle events', 'as they happen; comes back when the controller does'],
        ['heddle events -o json | jq -r .message', 'one JSON object a line'],
      ),
    )
    .action(async (options: ServerOptions & PrintOptions & { since?: string }) => {
      const client = await connect(io, options)
      const { signal, clock, random } = io
      // A controller that is not there at all is an error; one that goes away later is waited for.
      await client.health({ signal })
      const show = showing(io, options)
      try {
        for await (const streamed of followEvents(client, {
          signal,
          clock,
          random,
          lastEventId: options.since,
        })) {
          io.stdout.write(show(streamed))
        }
      } catch (error) {
        // Ctrl-C is how this command ends.
        if (!signal.aborted) throw error
      }
    })

const showing = (io: Io, { output }: PrintOptions): ((streamed: StreamedEvent) => string) => {
  const palette = paletteFor(io.stdout, io.env)
  const reset = { type: 'reset', message: 'events are missing here: read the state again' }
  return (streamed) => {
    if (output === 'json') return `${JSON.stringify(streamed.kind === 'event' ? streamed.event : reset)}\n`
    if (output === 'yaml') return `---\n${yamlOf(streamed.kind === 'event' ? streamed.event : reset)}`
    return streamed.kind === 'event'
      ? line(streamed.event, palette)
      : `${palette.yellow(`-- ${reset.message} --`)}\n`
  }
}

/** The width of the longest type of event. */
const typeWidth = 'controller-standby'.length

const line = ({ at, type, object, message }: FabricEvent, palette: Palette): string => {
  const name = plain(type).padEnd(typeWidth)
  return `${palette.dim(at.slice(11))}  ${colourOf(type, palette)(name)}  ${palette.bold(plain(object))}: ${plain(message)}\n`
}

const good = ['node-ready', 'link-up', 'drift-repaired', 'controller-leader']
const bad = ['node-offline', 'node-refused', 'link-down', 'drift-foreign']

const colourOf = (type: string, palette: Palette): ((text: string) => string) => {
  if (good.includes(type)) return palette.green
  if (bad.includes(type)) return palette.red
  return type === 'link-pending' ? palette.yellow : (text) => text
}
