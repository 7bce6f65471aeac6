/** Reads `openflow-actions.txt`, for the tests that go through it. */
import type { FlowContext } from '#openflow/action-text.js'

export interface ActionCase {
  /** The match of the flow, as ovs-ofctl(8) takes it; `-` where ovs-ofctl does otherwise than we do. */
  readonly match: string
  readonly text: string
  readonly printed: string
  /** The encoded instructions; absent where the text is refused. */
  readonly hex?: string
  readonly refusal?: string
}

const caseOf = (block: string): ActionCase => {
  const [first = '', ...others] = block.split('\n')
  const [, match = '', text = ''] = /^(?:\[(.*?)\] )?(.*)$/.exec(first) ?? []
  const behind = (mark: string): string | undefined =>
    others
      .find((line) => line.startsWith(mark))
      ?.slice(mark.length)
      .trim()
  const hex = behind(':')
  const refusal = behind('!')
  return {
    match,
    text,
    printed: behind('=') ?? text,
    ...(hex !== undefined && { hex: hex.replaceAll(' ', '') }),
    ...(refusal !== undefined && { refusal }),
  }
}

/** Cases are blocks of lines, separated by empty lines; a line that begins with `#` is a comment. */
export const goldenActions = (file: string): readonly ActionCase[] =>
  file
    .replace(/^#.*\n/gm, '')
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map(caseOf)

/** What the spellings of OpenFlow 1.0 need to know of a match. */
export const flowContext = (match: string): FlowContext => ({
  hasVlan: match.includes('vlan_tci=0x1000/0x1000'),
  ...(match.startsWith('tcp') && { ipProtocol: 6 }),
})
