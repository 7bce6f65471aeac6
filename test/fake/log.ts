/** A logger that keeps its lines for the test to look at. */
import type { Logger } from '#model/logger.js'

export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: keyof Logger
  readonly message: string
}

export const keepingLogger = (): Logger & { readonly lines: LogLine[] } => {
  const lines: LogLine[] = []
  const at =
    (level: keyof Logger) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push({ ...fields, level, message })
    }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
