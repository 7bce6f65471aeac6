/** Traffic that leaves the fabric by a node bears the node's address: nftables rules on the node, which OVSDB cannot make (nft(8)). */
import { masqueradeRules } from '#model/node-setup.js'
import { outputOf, type RunProgram } from './programs.js'

/** @throws CniError `command-failed` */
export const masquerade = async (run: RunProgram, prefixes: readonly string[]): Promise<void> => {
  if (prefixes.length === 0) return
  await outputOf(
    'the masquerading rules could not be made',
    run('nft', ['-f', '-'], { input: masqueradeRules(prefixes) }),
  )
}
