/** `heddle links`: what it asks of REST, what it prints, how it ends. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { blue, controllerWith, green, problem, red } from './cli-controller.js'
import { heddle } from './cli-support.js'

describe('heddle links list', () => {
  const controller = () => controllerWith({ 'GET /v1/links': { body: { links: [blue, green, red] } } })

  it('prints a table', async () => {
    const { out, err, code } = await heddle('links list', controller())
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatchInlineSnapshot(`
      "LINK                  STATE    A        B                 VNI   MTU        RATE  TOPOLOGY  WHY
      blue                  up       n1:eth0  n2:eth0          4096  1450
      green                 down     n1:eth0  n2:eth0             7  1450                        no carrier at b
      red-with-a-long-name  pending  n1:eth0  n3:gig0.100  16777215  9000  100 Mbit/s  campus    node n3 is not connected (and 1 other reason)
      "
    `)
  })

  it('has colours on a terminal, and none where nobody wants them', async () => {
    const { fetch } = controller()
    const coloured = await heddle('links list', { fetch, terminal: true })
    const plain = await heddle('links list', { fetch, terminal: true, env: { NO_COLOR: '1' } })
    const esc = String.fromCharCode(27)
    expect(coloured.out).toContain(`${esc}[32mup${esc}[39m`)
    expect(plain.out).toBe((await heddle('links list', { fetch })).out)
    expect(plain.out).not.toContain(esc)
  })

  it('prints JSON and YAML for programs', async () => {
    const { fetch } = controller()
    expect(JSON.parse((await heddle('links list -o json', { fetch })).out)).toEqual([blue, green, red])
    expect(parse((await heddle('links list -o yaml', { fetch })).out)).toEqual([blue, green, red])
  })

  it('passes its filters on', async () => {
    const { fetch, asked } = controller()
    await heddle('links list --node n1 --state up --topology campus --server http://[::1]:9/', { fetch })
    expect(asked).toEqual([{ method: 'GET', path: '/v1/links?node=n1&state=up&topology=campus&limit=1000' }])
  })

  it('says so when there are none, and still prints a list for programs', async () => {
    const { fetch } = controllerWith({ 'GET /v1/links': { body: { links: [] } } })
    expect(await heddle('links list', { fetch })).toEqual({ code: 0, out: '', err: 'no links\n' })
    expect((await heddle('links list -o json', { fetch })).out).toBe('[]\n')
    expect((await heddle('links list -o yaml', { fetch })).out).toBe('[]\n')
  })

  it('shows what others wrote without letting it steer the terminal', async () => {
    const evil = { ...blue, topology: `x${String.fromCharCode(27)}[2Jy\u202Ez` }
    const { fetch } = controllerWith({ 'GET /v1/links': { body: { links: [evil] } } })
    expect((await heddle('links list', { fetch })).out).toContain('x\\u{1b}[2Jy\\u{202e}z')
  })
})

describe('50,000 links', () => {
  const total = 50_000
  const links = Array.from({ length: total }, (_, index) => ({
    ...blue,
    name: `link-${String(index).padStart(5, '0')}`,
    vni: index + 1,
    a: { node: 'n1', interface: index === 49_999 ? 'interface-long1' : 'eth0' },
  }))
  const controller = () =>
    controllerWith({
      'GET /v1/links': ({ path }) => {
        const after = new URL(path, 'http://x').searchParams.get('after')
        const start = after === null ? 0 : Number(after.slice(5)) + 1
        const page = links.slice(start, start + 1000)
        const last = page.at(-1)
        return { body: { links: page, ...(start + 1000 < total ? { next: last?.name } : {}) } }
      },
    })

  it('come in pages and make one table', async () => {
    const world = controller()
    const { out } = await heddle('links list', world)
    expect(world.asked).toHaveLength(50)
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(total + 1)
    expect(lines[0]).toMatch(/^LINK +STATE +A +B /)
    expect(lines[1]).toMatch(/^link-00000 +up +n1:eth0 +n2:eth0 +1 +1450$/)
    expect(lines.at(-1)).toMatch(/^link-49999 +up +n1:interface-long1 +n2:eth0 +50000 +1450$/)
  })

  it('make one JSON array', async () => {
    const { out } = await heddle('links list -o json', controller())
    expect(JSON.parse(out)).toHaveLength(total)
  })
})

describe('heddle links add', () => {
  const words = 'links add blue --a n1:eth0 --b n2:eth0'

  it('creates the link and waits for the switches', async () => {
    const world = controllerWith({ 'POST /v1/links': { status: 201, body: blue } })
    const { code, out } = await heddle(`${words} --vni 4096 --mtu 1400 --rate 100`, world)
    expect(world.asked).toEqual([
      {
        method: 'POST',
        path: '/v1/links?wait=5000ms',
        body: { name: 'blue', a: blue.a, b: blue.b, vni: 4096, mtu: 1400, rateMbps: 100 },
      },
    ])
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "link blue is up: n1:eth0 to n2:eth0, VNI 4096, MTU 1450
      stored 0.4 ms, ports ready 4 ms, n1 confirmed 5.3 ms, n2 confirmed 6 ms, all 6 ms
      "
    `)
  })

  it('ends with 4 when the link is still pending after the wait, and says why', async () => {
    const { fetch } = controllerWith({ 'POST /v1/links': { status: 202, body: red } })
    const { code, err } = await heddle(`${words} --wait 500ms`, { fetch })
    expect(code).toBe(4)
    expect(err).toMatchInlineSnapshot(`
      "heddle: link red-with-a-long-name is stored and comes up by itself; it waits:
        node n3 is not connected
        node n3 has no tunnel address
      "
    `)
  })

  it('ends with 0 when nobody wanted to wait', async () => {
    const world = controllerWith({ 'POST /v1/links': { status: 202, body: red } })
    expect((await heddle(`${words} --wait 0`, world)).code).toBe(0)
    expect(world.asked[0]?.path).toBe('/v1/links?wait=0ms')
  })

  it.each([
    [
      'links add blue --a n1 --b n2:x',
      /--a <node:interface>' argument 'n1' is invalid\. Expected NODE:INTERFACE; interface: /,
    ],
    ['links add blue --a n1:eth0', /required option '--b <node:interface>' not specified/],
    ['links add _ --a n1:x --b n2:x', /value '_' is invalid for argument 'name'. Expected 1 to 64 letters/],
    [
      `${words} --vni 16777216`,
      /--vni <vni>' argument '16777216' is invalid\. Expected a whole number from 1 to 16777215/,
    ],
    [`${words} --wait 61s`, /--wait <duration>' argument '61s' is invalid\. Expected at most 60s/],
    [`${words} --wait soon`, /Expected a duration: 5s, 500ms, 1m or seconds/],
    [`${words} --vin 5`, /unknown option '--vin'\n\(Did you mean --vni\?\)/],
  ])('%s is a usage error', async (line, message) => {
    const { code, err, out } = await heddle(line)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
    expect(err).toMatch(/^heddle: /)
  })

  it('names the link that is in the way, and the way out', async () => {
    const answer = problem(409, 'vni-taken', 'VNI 4096 belongs to link green', {
      field: 'vni',
      owner: 'link green',
    })
    const { fetch } = controllerWith({ 'POST /v1/links': answer })
    const { code, err, out } = await heddle(words, { fetch })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatchInlineSnapshot(`
      "heddle: VNI 4096 belongs to link green
        field: vni
        owner: link green
        look at it: heddle links show green
      "
    `)
  })
})

describe('heddle links show', () => {
  it.each([
    ['up', blue],
    ['down', green],
    ['pending', red],
  ])('shows all of a link that is %s', async (_state, link) => {
    const { fetch } = controllerWith({ 'GET /v1/links/x': { body: link } })
    expect((await heddle('links show x', { fetch })).out).toMatchSnapshot()
  })

  it('ends with 1 where there is no such link', async () => {
    const { fetch } = controllerWith({ 'GET /v1/links/x': problem(404, 'not-found', 'there is no link x') })
    expect(await heddle('links show x', { fetch })).toEqual({
      code: 1,
      out: '',
      err: 'heddle: there is no link x\n',
    })
  })
})

describe('heddle links set', () => {
  it('sends what is named, null for none', async () => {
    const world = controllerWith({ 'PATCH /v1/links/blue': { body: blue } })
    const { code } = await heddle('links set blue --b n3:eth0 --rate none --mtu 1400 --wait 1m', world)
    expect(code).toBe(0)
    expect(world.asked).toEqual([
      {
        method: 'PATCH',
        path: '/v1/links/blue?wait=60000ms',
        body: { b: { node: 'n3', interface: 'eth0' }, rateMbps: null, mtu: 1400 },
      },
    ])
  })

  it('wants something to change', async () => {
    expect(await heddle('links set blue')).toEqual({
      code: 2,
      out: '',
      err: 'heddle: nothing to change: name --a, --b, --vni, --mtu or --rate\n',
    })
  })
})

describe('heddle links remove', () => {
  it('removes each, until one fails', async () => {
    const world = controllerWith({
      'DELETE /v1/links/blue': { status: 204 },
      'DELETE /v1/links/red': problem(409, 'topology-owns-link', 'link red belongs to topology campus', {
        owner: 'topology campus',
      }),
    })
    const { code, out, err } = await heddle('links rm blue red green', world)
    expect({ code, out }).toEqual({ code: 1, out: 'link blue is removed\n' })
    expect(err).toContain('look at it: heddle topologies show campus')
    expect(world.asked).toHaveLength(2)
  })
})
