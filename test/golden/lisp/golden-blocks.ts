/**
 * Golden files of LISP: blocks of a line `# name`, lines of hexadecimal digits with spaces wherever they help the eye, and
 * lines that begin with `> ` for the text.
 */
export interface GoldenBlock {
  readonly name: string
  readonly hex: string
  readonly text: string
}

export const goldenBlocks = (file: string): readonly GoldenBlock[] =>
  file
    .split(/^# /m)
    .slice(1)
    .map((block) => {
      const [name = '', ...lines] = block.trimEnd().split('\n')
      const text = lines.filter((line) => line.startsWith('>')).map((line) => line.slice(2))
      const hex = lines.filter((line) => !line.startsWith('>')).join('')
      return { name, hex: hex.replaceAll(' ', ''), text: text.join('\n') }
    })
