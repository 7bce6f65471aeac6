/** Traffic that leaves the fabric by a node bears the node's address: nftables rules on the node, which OVSDB cannot make (nft(8)). */
import { isIpv6 } from './ip-text.js'
import { outputOf, type RunProgram } from './programs.js'

const families = [
  { table: 'ip', type: 'ipv4_addr', field: 'ip', isOurs: (address: string) => !isIpv6(address) },
  { table: 'ip6', type: 'ipv6_addr', field: 'ip6', isOurs: isIpv6 },
] as const

/**
 * The rules, made as often as one likes: a set of the prefixes whose members are masqueraded unless they speak to one another.
 * @param prefixes addresses with prefix length
 */
export const masqueradeRules = (prefixes: readonly string[]): string => {
  const lines = families.flatMap(({ table, type, field, isOurs }) => {
    const ours = prefixes.filter((prefix) => isOurs(prefix))
    if (ours.length === 0) return []
    const name = `${table} heddle-cni`
    return [
      `add table ${name}`,
      `add set ${name} members { type ${type}; flags interval; auto-merge; }`,
      `add element ${name} members { ${ours.join(', ')} }`,
      `add chain ${name} postrouting { type nat hook postrouting priority srcnat; }`,
      `flush chain ${name} postrouting`,
      `add rule ${name} postrouting ${field} saddr @members ${field} daddr != @members masquerade`,
    ]
  })
  return `${lines.join('\n')}\n`
}

/** @throws CniError `command-failed` */
export const masquerade = async (run: RunProgram, prefixes: readonly string[]): Promise<void> => {
  if (prefixes.length === 0) return
  await outputOf(
    'the masquerading rules could not be made',
    run('nft', ['-f', '-'], { input: masqueradeRules(prefixes) }),
  )
}
