/** Names, addresses and readers of the CNI plugin, against what the model and Node.js say of the same. */
import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkContainerId, checkInterfaceName } from '#cni/environment.js'
import { contains, familyOf } from '#cni/ip-text.js'
import { aliasOf, endpointIdOf, hostInterfaceOf, hostMacOf } from '#cni/names.js'
import { parseResult, printResult } from '#cni/result.js'
import { macText } from '#model/endpoint.js'
import { interfaceName, objectName } from '#model/wire.js'

const passes = (check: () => void): boolean => {
  try {
    check()
    return true
  } catch {
    return false
  }
}

const containerId = fc
  .stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,70}$/)
  .filter((id) => passes(() => checkContainerId(id)))
const device = fc
  .string({ minLength: 1, maxLength: 15 })
  .filter((name) => passes(() => checkInterfaceName(name)))
const attachment = fc.record({ containerId, interfaceName: device })
const node = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/)

describe('names', () => {
  it('are such as the controller and the kernel take, whatever the runtime says', () => {
    fc.assert(
      fc.property(node, attachment, (name, one) => {
        expect(interfaceName.safeParse(hostInterfaceOf(one)).success).toBe(true)
        expect(objectName.safeParse(endpointIdOf(name, one)).success).toBe(true)
        expect(macText.safeParse(hostMacOf(one)).success).toBe(true)
        expect(aliasOf('net', one)).toMatch(/^[!-~]{1,255}$/)
      }),
    )
  })

  it('differ with the container, the interface and the node', () => {
    fc.assert(
      fc.property(node, attachment, attachment, (name, one, other) => {
        const same = one.containerId === other.containerId && one.interfaceName === other.interfaceName
        expect(hostInterfaceOf(one) === hostInterfaceOf(other)).toBe(same)
        expect(endpointIdOf(name, one) === endpointIdOf(name, other)).toBe(same)
        expect(endpointIdOf(name, one)).not.toBe(endpointIdOf(`${name}x`, one))
      }),
    )
  })
})

describe('addresses', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string(),
    fc.constantFrom('fe80::1%eth0', '1.2.3', '1.2.3.256', '::', '::1.2.3.4', '1:2:3:4:5:6:7:8:9', '01.2.3.4'),
  )

  it('are what Node.js takes for such; a zone has no place here', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(familyOf(each) ?? 0, each).toBe(each.includes('%') ? 0 : isIP(each))
      }),
    )
  })

  it('lie in prefixes as Node.js sees it', () => {
    const both = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(32)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.nat(128)),
    )
    fc.assert(
      fc.property(both, ([network, address, length]) => {
        const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
        const block = new BlockList()
        block.addSubnet(network, length, family)
        for (const each of [address, network]) {
          const inner = `${each}/${family === 'ipv6' ? 128 : 32}`
          expect(contains(`${network}/${length}`, inner), `${inner} in ${network}/${length}`).toBe(
            block.check(each, family),
          )
        }
      }),
    )
  })
})

describe('results', () => {
  const ip = fc.record({ address: fc.ipV4().map((each) => `${each}/24`), interface: fc.nat(3) })
  const route = fc.record({
    dst: fc.ipV6().map((each) => `${each}/64`),
    mtu: fc.nat(9000),
    table: fc.nat(255),
  })
  const sandboxed = fc.record({
    name: fc.constant('eth0'),
    mtu: fc.nat(9000),
    sandbox: fc.constant('/run/netns/x'),
  })

  it('of the newest version come back as they were printed', () => {
    fc.assert(
      fc.property(fc.array(sandboxed), fc.array(ip), fc.array(route), (interfaces, ips, routes) => {
        const result = { interfaces, ips, routes, dns: {} }
        expect(parseResult(printResult('1.1.0', result), 'it')).toEqual(result)
      }),
    )
  })
})
