/** The manual of actions, `docs/openflow-actions.md`, from the action table. */
import { type ActionSpec, experimenterCode, type Form, type Space } from './actions/spec.js'
import { spellings } from './actions/spellings.js'
import { actionTable } from './actions/table.js'

/** A vertical bar would end the cell. */
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``

const spaceNames: Readonly<Record<Space, string>> = {
  standard: 'OFPAT',
  nicira: 'NXAST',
  onf: 'ONFACT',
  instruction: 'OFPIT',
}

const formOf = ({ space, code, size: { min, max }, readOnly }: Form<unknown>): string => {
  const number = code === experimenterCode ? 'experimenter' : String(code)
  const bytes = min === max ? `${min}` : `${min}…`
  return `${spaceNames[space]} ${number} (${bytes})${readOnly ? ' read' : ''}`
}

const row = ([type, { forms, text, doc }]: [string, ActionSpec<unknown>]): string =>
  `| ${code(type)} | ${text.syntax.map(code).join(' ')} | ${forms.map(formOf).join(', ')} | ${doc} |`

const intro = `# Actions

Printed from \`openflow/actions/\`; do not edit. One row per action or instruction, under the \`type\` that it has as a value.

- **Text**: as ovs-actions(7) writes it.
- **Bytes**: the forms on the wire with their size in bytes, \`…\` for "or any multiple of 8 more". OFPAT is an action of
  OpenFlow 1.5, NXAST an extension of Open vSwitch, ONFACT one of the ONF, OFPIT an instruction. A form marked \`read\` is
  understood and never written; of several others the first that has room for the arguments is written.

| Action | Text | Bytes | What it does |
| --- | --- | --- | --- |`

const introToSpellings = `
## Other spellings

Text may also say these; they are other actions in OpenFlow 1.5.

| Text | What it does |
| --- | --- |`

/** The manual as Markdown. */
export const actionsManual = (): string =>
  [
    intro,
    ...Object.entries<ActionSpec<unknown>>(actionTable).map(row),
    introToSpellings,
    ...[...spellings.values()].map(({ syntax, doc }) => `| ${syntax.map(code).join(' ')} | ${doc} |`),
    '',
  ].join('\n')
