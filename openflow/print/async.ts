/** Which asynchronous messages a controller gets. */

import { packetInReasons } from '../messages/packets.js'
import { portReasons } from '../messages/ports.js'
import type { MessageOf } from '../messages.js'
import type { Printers } from './printer.js'

type Property = MessageOf<'set_async'>['properties'][number]

/** The kinds of messages in Open vSwitch's order, and what their reasons are called by bit. */
const kinds: readonly (readonly [name: string, reasons: readonly string[]])[] = [
  ['packet_in', Object.keys(packetInReasons)],
  ['port_status', Object.keys(portReasons)],
  ['flow_removed', ['idle', 'hard', 'delete', 'group_delete', 'meter_delete', 'eviction']],
  ['role_status', ['primary_request', 'configuration_changed', 'experimenter_data_changed']],
  ['table_status', ['0', '1', '2', 'vacancy_down', 'vacancy_up']],
  ['requestforward', ['group_mod_request', 'meter_mod_request']],
]

const maskOf = (properties: readonly Property[], type: string): number => {
  const property = properties.find((candidate) => candidate.type === type)
  return property !== undefined && 'mask' in property ? property.mask : 0
}

const asyncConfig = ({ properties }: { readonly properties: readonly Property[] }): string =>
  ['primary', 'secondary']
    .map((role) => {
      const lines = kinds.map(([kind, reasons]) => {
        const mask = maskOf(properties, `${kind}_${role}`)
        const set = reasons.filter((_, bit) => (mask & (1 << bit)) !== 0).map((reason) => ` ${reason}`)
        return `${kind.toUpperCase().padStart(16)}:${mask === 0 ? ' (off)' : set.join('')}\n`
      })
      return `\n ${role}:\n${lines.join('')}`
    })
    .join('')

export const asyncPrinters = {
  get_async_reply: asyncConfig,
  set_async: asyncConfig,
} as const satisfies Printers
