/** Connection targets: what is read, what is printed, what is refused and in which words. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDialTarget, parseListenTarget, parseTarget, printTarget, type Target } from '#link/targets.js'

describe('targets', () => {
  it.each<[string, Target]>([
    ['tcp:192.0.2.1:6640', { kind: 'tcp', host: '192.0.2.1', port: 6640 }],
    ['ssl:[2001:db8::1]:6640', { kind: 'ssl', host: '2001:db8::1', port: 6640 }],
    ['ssl:switch-1.example.net:6640', { kind: 'ssl', host: 'switch-1.example.net', port: 6640 }],
    ['unix:/run/openvswitch/db.sock', { kind: 'unix', path: '/run/openvswitch/db.sock' }],
    ['ptcp:6640', { kind: 'ptcp', port: 6640 }],
    ['ptcp:0:127.0.0.1', { kind: 'ptcp', port: 0, host: '127.0.0.1' }],
    ['pssl:6640:[::1]', { kind: 'pssl', port: 6640, host: '::1' }],
    ['punix:db.sock', { kind: 'punix', path: 'db.sock' }],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target)
    expect(printTarget(target)).toBe(text)
  })

  it('takes the port that is given for targets without one', () => {
    expect(parseTarget('tcp:192.0.2.1', { port: 6653 })).toEqual({
      kind: 'tcp',
      host: '192.0.2.1',
      port: 6653,
    })
    expect(parseTarget('tcp:[::1]', { port: 6653 })).toEqual({ kind: 'tcp', host: '::1', port: 6653 })
    expect(parseTarget('ptcp:', { port: 6653 })).toEqual({ kind: 'ptcp', port: 6653 })
    expect(parseTarget('ptcp::[::1]', { port: 6653 })).toEqual({ kind: 'ptcp', port: 6653, host: '::1' })
  })

  it.each([
    ['', 'expected one of tcp:HOST:PORT'],
    ['http://192.0.2.1', 'expected one of'],
    ['toString:1', 'expected one of'],
    ['tcp:', 'the port is missing'],
    ['tcp:192.0.2.1', 'the port is missing; expected tcp:HOST:PORT'],
    ['tcp:192.0.2.1:', '"" is not a port'],
    ['tcp:192.0.2.1:0', '"0" is not a port from 1 to 65535'],
    ['tcp:192.0.2.1:65536', 'not a port'],
    ['tcp:192.0.2.1:66 40', 'not a port'],
    ['tcp::6640', '"" is not a host name or an address'],
    ['tcp:192.0.2.999:6640', '"192.0.2.999" is not a host name or an address'],
    ['tcp:2001:db8::1', 'write the IPv6 address in brackets: [2001:db8::1]'],
    ['tcp:2001:db8::1:6640', 'brackets'],
    ['tcp:[192.0.2.1]:6640', '"192.0.2.1" is not an IPv6 address'],
    ['tcp:[::1:6640', 'not a port'],
    ['tcp:-x:6640', 'not a host name'],
    ['unix:', 'the path is empty'],
    [`unix:/${'x'.repeat(107)}`, 'longer than 107 bytes'],
    ['unix:a\0b', 'NUL'],
    ['ptcp:', 'not a port from 0 to 65535'],
    ['ptcp:x', 'not a port'],
    ['ptcp:1:::1', 'write the IPv6 address in brackets'],
  ])('refuses %j', (text, words) => {
    expect(() => parseTarget(text)).toThrow(words)
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'bad-target' }))
  })

  it('tells dialling from listening', () => {
    expect(() => parseDialTarget('ptcp:6640')).toThrow('it listens; expected tcp:HOST:PORT')
    expect(() => parseListenTarget('tcp:127.0.0.1:6640')).toThrow('it dials; expected ptcp:PORT[:HOST]')
  })

  it('reads what it prints, and throws nothing but its own error on anything else', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain())
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65535 }), (at, port) => {
        const target: Target = { kind: 'tcp', host: at, port }
        expect(parseTarget(printTarget(target))).toEqual(target)
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom('tcp:', 'ptcp:', 'unix:', ''), fc.string(), (scheme, rest) => {
        try {
          expect(printTarget(parseTarget(scheme + rest))).toBeDefined()
        } catch (error) {
          expect(error).toMatchObject({ name: 'LinkError', code: 'bad-target' })
        }
      }),
    )
  })
})
