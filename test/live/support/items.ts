/** A small database with a column of every kind: items.ovsschema, and its declaration. */
import { fileURLToPath } from 'node:url'
import { boolean, integer, integer64, map, optional, real, ref, set, string } from '#ovsdb/columns.js'
import { table } from '#ovsdb/tables.js'

export const itemsSchema = fileURLToPath(new URL('./items.ovsschema', import.meta.url))
export const itemsDatabase = 'Items'

export const item = table('Item', {
  name: string,
  size: integer,
  big: integer64,
  weight: real,
  on: boolean,
  limit: optional(integer),
  tags: set(string),
  props: map(string, integer),
  parts: set(ref('Part')),
  near: set(ref('Item')),
})

export const part = table('Part', { label: string })

export const itemTables = [item, part]
