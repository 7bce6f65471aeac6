/** The parts of a command's help that commander does not make: examples. */

/** `Examples:` with each command line and what it is for, in the style of commander's own lists. */
export const examples = (...lines: readonly (readonly [line: string, purpose: string])[]): string => {
  const width = Math.max(...lines.map(([line]) => line.length))
  const wide = width > 60
  const shown = lines.map(([line, purpose]) =>
    wide ? `  # ${purpose}\n  ${line}` : `  ${line.padEnd(width)}  # ${purpose}`,
  )
  return `\nExamples:\n${shown.join('\n')}`
}
