/** Every error code of the table is in the manual, and the manual is what the generator makes. `vitest -u` writes it anew. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorManual } from '#api/error-manual.js'
import { errorCodes } from '#model/error.js'

it('docs/errors.md is up to date', async () => {
  await expect(errorManual()).toMatchFileSnapshot('../../docs/errors.md')
})

it.each(Object.entries(errorCodes))('%s is documented with its status and title', (code, [status, title]) => {
  const manual = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  expect(manual).toContain(`\n## ${code}\n\n${status}. ${title}. `)
})
