/** The manual of the pipeline is what the compiler makes. */
import { expect, it } from 'vitest'
import { pipelineManual } from '#compile/pipeline-manual.js'
import { printFlow } from '#openflow/flow-text.js'

it('prints docs/pipeline.md; `npx vitest run -u` prints it anew', async () => {
  await expect(pipelineManual(printFlow)).toMatchFileSnapshot('../../docs/pipeline.md')
})
