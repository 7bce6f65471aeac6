/** The manual of match fields, `docs/openflow-fields.md`, from the field table. */
import type { OxmHeader } from './fields/line.js'
import { type Field, fieldList } from './fields.js'

/** Numbered fields share a row: `reg0` to `reg31` differ in nothing but the number. */
const family = ({ name }: Field): string => name.replace(/^((?:x{0,2}reg|tun_metadata|nsh_c))\d+$/, '$1*')

const code = (text: string): string => `\`${text}\``

const nameOf = (first: Field, last: Field): string => {
  const names = first === last ? code(first.name) : `${code(first.name)} … ${code(last.name)}`
  return first.aliases.length === 0 || first !== last
    ? names
    : `${names}, also ${first.aliases.map(code).join(', ')}`
}

const headerOf = ({ name, number }: OxmHeader): string => `${name} (${number})`

const widthOf = (field: Field): string =>
  field.variable
    ? `up to ${field.width}`
    : field.width === 8 * field.bytes
      ? `${field.width}`
      : `${field.width} of ${8 * field.bytes}`

const row = (members: readonly [Field, ...Field[]]): string => {
  const [first] = members
  const last = members.at(-1) ?? first
  const headers = first === last ? first.headers : first.headers.slice(0, 1)
  const ends = first === last ? '' : ` … ${last.headers.slice(0, 1).map(headerOf).join('')}`
  return [
    nameOf(first, last),
    widthOf(first),
    first.format,
    first.maskable ? 'yes' : 'no',
    first.writable ? 'yes' : 'no',
    first.needs === 'none' ? '' : first.needs,
    headers.length === 0 ? 'none' : `${headers.map(headerOf).join(', ')}${ends}`,
    (first.viewOf.length === 0 ? '' : `Stored as ${first.viewOf.map(code).join(', ')}. `) + first.doc,
  ].join(' | ')
}

const intro = `# Match fields

Printed from \`openflow/fields/\`; do not edit. One row per field that Open vSwitch can match, under the name that
ovs-fields(7) gives first, in the order in which they are sent.

- **Bits**: what a value may fill; \`of\` what it takes on the wire. Values of up to 32 bits are numbers, wider ones bigints.
- **Mask**: whether a match may name some of the bits. **Write**: whether actions may set the field.
- **Needs**: what a match must say before it may name the field, as in ovs-fields(7).
- **Headers**: OXM and NXM names with their field numbers. All are read; the first is written.

| Field | Bits | Text | Mask | Write | Needs | Headers | What it is |
| --- | --- | --- | --- | --- | --- | --- | --- |`

/** The manual as Markdown. */
export const fieldsManual = (): string => {
  const families = new Map<string, [Field, ...Field[]]>()
  for (const field of fieldList) {
    const members = families.get(family(field))
    if (members === undefined) families.set(family(field), [field])
    else members.push(field)
  }
  return `${intro}\n${[...families.values()].map((members) => `| ${row(members)} |`).join('\n')}\n`
}
