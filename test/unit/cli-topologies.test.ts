/** `heddle apply`, `plan` and `topologies`: the file, the waiting, the answers. */
import { describe, expect, it } from 'vitest'
import type { Plan, TopologyResult } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const links = [
  { name: 'blue', a: { node: 'n1', interface: 'eth0' }, b: { node: 'n2', interface: 'eth0' } },
  {
    name: 'red',
    a: { node: 'n1', interface: 'eth1' },
    b: { node: 'n1', interface: 'eth2' },
    vni: 5000,
    rateMbps: 100,
  },
]
const yaml = `
# the campus
links:
  - name: blue
    a: { node: n1, interface: eth0 }
    b: { node: n2, interface: eth0 }
  - name: red
    a: { node: n1, interface: eth1 }
    b: { node: n1, interface: eth2 }
    vni: 5000
    rateMbps: 100
`
const files = { '/x/campus.yaml': yaml, '/x/campus.json': JSON.stringify({ name: 'other', links }) }
const plan: Plan = {
  add: ['blue'],
  change: [{ name: 'red', fields: ['vni', 'rateMbps'] }],
  remove: ['old'],
  keep: 3,
}
const counts = (up: number, pending: number) => ({ links: 5, up, down: 0, pending })
const result = (up: number, pending: number): TopologyResult => ({
  name: 'campus',
  dryRun: false,
  plan,
  counts: counts(up, pending),
})

describe('heddle plan', () => {
  const world = () => ({
    ...controllerWith({ 'PUT /v1/topologies/campus': { body: { name: 'campus', dryRun: true, plan } } }),
    files,
  })

  it.each(['plan -f /x/campus.yaml', 'apply --dry-run -f /x/campus.yaml'])(
    '%s shows what would happen',
    async (words) => {
      const controller = world()
      const { code, out } = await heddle(words, controller)
      expect(code).toBe(0)
      expect(out).toMatchInlineSnapshot(`
        "+ blue
        ~ red (vni, rateMbps)
        - old
        1 to add, 1 to change, 1 to remove, 3 as they are
        "
      `)
      expect(controller.asked).toEqual([
        { method: 'PUT', path: '/v1/topologies/campus?dryRun=true', body: { links } },
      ])
    },
  )
})

describe('heddle apply', () => {
  it('is done at once when every link is up', async () => {
    const world = controllerWith({ 'PUT /v1/topologies/campus': { body: result(5, 0) } })
    const { code, out, err } = await heddle('apply -f /x/campus.yaml', { ...world, files })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatchInlineSnapshot(`
      "topology campus: 1 added, 1 changed, 1 removed, 3 as they were; 5 up in 0 ms
      "
    `)
    expect(world.asked).toEqual([
      { method: 'PUT', path: '/v1/topologies/campus?wait=2000ms', body: { links } },
    ])
  })

  const slow = (...pending: readonly number[]) => {
    const left = [...pending]
    return controllerWith({
      'PUT /v1/topologies/campus': { status: 202, body: result(1, 4) },
      'GET /v1/topologies': () => {
        const now = left.length > 1 ? (left.shift() ?? 0) : (left[0] ?? 0)
        return { body: { topologies: [{ name: 'campus', ...counts(5 - now, now) }] } }
      },
    })
  }

  it('waits for the others, with progress', async () => {
    const progress: string[] = []
    const world = { ...slow(3, 0), files, onProgress: (line: string) => progress.push(line) }
    const { code, out } = await heddle('apply -f /x/campus.yaml', world)
    expect(code).toBe(0)
    expect(progress).toEqual(['1/5 links', '2/5 links', '5/5 links', 'end'])
    expect(out).toContain('5 up')
  })

  it('ends with 4 when some are pending after the wait, and says where to look', async () => {
    const { code, out, err } = await heddle('apply -f /x/campus.yaml --wait 5s', { ...slow(2), files })
    expect(code).toBe(4)
    expect(out).toContain('3 up, 2 pending in 5.0 s')
    expect(err).toBe(
      'heddle: 2 of 5 links are pending; they come up by themselves\n' +
        '  what they wait for: heddle links list --topology campus --state pending\n',
    )
  })

  it('does not wait when nobody wants to', async () => {
    const world = slow(2)
    expect((await heddle('apply -f /x/campus.yaml --wait 0', { ...world, files })).code).toBe(0)
    expect(world.asked.map(({ path }) => path)).toEqual(['/v1/topologies/campus?wait=0ms'])
  })

  it('says so when somebody removes the topology meanwhile', async () => {
    const world = controllerWith({
      'PUT /v1/topologies/campus': { status: 202, body: result(1, 4) },
      'GET /v1/topologies': { body: { topologies: [] } },
    })
    const { code, err } = await heddle('apply -f /x/campus.yaml', { ...world, files })
    expect({ code, err }).toEqual({ code: 1, err: 'heddle: somebody removed topology campus meanwhile\n' })
  })

  it('names the link of another when there is one in the way', async () => {
    const taken = problem(409, 'interface-taken', 'n1:eth0 belongs to link green', {
      field: 'links[0].a',
      owner: 'link green',
    })
    const world = controllerWith({ 'PUT /v1/topologies/campus': taken })
    const { code, err } = await heddle('apply -f /x/campus.yaml', { ...world, files })
    expect(code).toBe(1)
    expect(err).toBe(
      'heddle: n1:eth0 belongs to link green\n  field: links[0].a\n  owner: link green\n  look at it: heddle links show green\n',
    )
  })
})

describe('the file', () => {
  it.each([
    ['called by its file', '/x/campus.yaml', '', 'campus'],
    ['called as it says', '/x/campus.json', '', 'other'],
    ['called as the flag says', '/x/campus.json', '--name third', 'third'],
  ])('is %s', async (_how, file, flag, name) => {
    const world = controllerWith({ [`PUT /v1/topologies/${name}`]: { body: result(5, 0) } })
    const { code } = await heddle(`apply -f ${file} ${flag}`, { ...world, files })
    expect(code).toBe(0)
    expect(world.asked[0]?.body).toEqual({ links })
  })

  it('comes from standard input, which has no name', async () => {
    const world = controllerWith({ 'PUT /v1/topologies/campus': { body: result(5, 0) } })
    const stdin = [yaml.slice(0, 30), yaml.slice(30)]
    expect((await heddle('apply -f - --name campus', { ...world, stdin })).code).toBe(0)
    const nameless = await heddle('apply -f -', { stdin })
    expect(nameless).toEqual({
      code: 2,
      out: '',
      err: 'heddle: the topology has no name: give it one with --name, or with "name:" in the file\n',
    })
  })

  it.each([
    [
      'links:\n  - name: b\n    a: { node: n1 }\n    b: n2:eth0\n',
      ['/t.yaml:3: links[0].a.interface: is missing', '/t.yaml:4: links[0].b: '],
    ],
    ['links: []\nlink: 3\n', ['/t.yaml:2: link: there is no such field']],
    ['- blue\n', ['/t.yaml:1: ']],
    ['links: [\n', ['/t.yaml:2: ']],
    ['{"links": [{"name": 5}]}', ['/t.yaml: links[0].name: ']],
    ['links:\n  - { name: x, a: *nobody, b: 1 }', ['/t.yaml: Unresolved alias']],
  ])('%j is refused with its lines', async (text, problems) => {
    const { code, err, out } = await heddle('apply -f /t.yaml', { files: { '/t.yaml': text } })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^heddle: \/t\.yaml is no (topology|YAML)\n/)
    for (const problem of problems) expect(err).toContain(`  ${problem}`)
  })

  it('with very many problems does not fill the screen', async () => {
    const text = JSON.stringify({ links: Array.from({ length: 100 }, () => ({ ...links[0], vni: 0 })) })
    const { err } = await heddle('plan -f /t.json', { files: { '/t.json': text } })
    expect(err.trimEnd().split('\n')).toHaveLength(22)
    expect(err).toContain('  and 80 more\n')
  })
})

describe('heddle topologies', () => {
  it('lists them', async () => {
    const topologies = [
      { name: 'campus', links: 20, up: 18, down: 1, pending: 1 },
      { name: 'x', links: 0, up: 0, down: 0, pending: 0 },
    ]
    const { fetch } = controllerWith({ 'GET /v1/topologies': { body: { topologies } } })
    expect((await heddle('topologies list', { fetch })).out).toMatchInlineSnapshot(`
      "TOPOLOGY  LINKS  UP  DOWN  PENDING
      campus       20  18     1        1
      x             0   0     0        0
      "
    `)
  })

  it('shows one', async () => {
    const body = {
      name: 'campus',
      up: 1,
      down: 0,
      pending: 1,
      links: links.map((link) => ({ vni: 4096, ...link })),
    }
    const { fetch } = controllerWith({ 'GET /v1/topologies/campus': { body } })
    expect((await heddle('topologies show campus', { fetch })).out).toMatchInlineSnapshot(`
      "topology campus: 2 links, 1 up, 1 pending

      LINK  A        B         VNI  MTU        RATE
      blue  n1:eth0  n2:eth0  4096
      red   n1:eth1  n1:eth2  5000       100 Mbit/s
      "
    `)
  })

  it('removes one', async () => {
    const removed = {
      name: 'campus',
      dryRun: false,
      plan: { add: [], change: [], remove: ['blue', 'red'], keep: 0 },
    }
    const world = controllerWith({ 'DELETE /v1/topologies/campus': { body: removed } })
    expect((await heddle('topologies rm campus', world)).out).toBe(
      'topology campus is removed, 2 links with it\n',
    )
    expect(world.asked[0]?.path).toBe('/v1/topologies/campus?wait=5000ms')
  })
})
