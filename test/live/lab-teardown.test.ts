/**
 * A lab leaves nothing behind: not after `down`, not after a kill -9 half way up, not beside another lab. What is there
 * before and after is read with the machine's own tools, not with the lab's.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { createLab } from '#lab/create-lab.js'
import { openLab } from '#lab/lab.js'
import { listLabs } from '#lab/list-labs.js'
import { destroyLab } from '#lab/teardown.js'

const labs = ['down1', 'down2', 'killed']

/** The machine's network namespaces and devices, those of other labs aside, and the files of the labs of this test. */
const machine = async (): Promise<string[]> => {
  const { stdout } = await promisify(execFile)('ip', ['-json', 'link', 'show'])
  const devices = (JSON.parse(stdout) as { ifname: string }[]).map((link) => link.ifname)
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : []
  const ours = new RegExp(`^(heddle|hdl)-(${labs.join('|')})\\b`)
  const seen = [...devices, ...namespaces].filter((name) => ours.test(name) || !/^(heddle|hdl)-/.test(name))
  const directories = labs.map((lab) => `/run/heddle/labs/${lab}`).filter((path) => existsSync(path))
  const subnets = existsSync('/run/heddle/subnets') ? readdirSync('/run/heddle/subnets') : []
  const taken = subnets
    .map((file) => `/run/heddle/subnets/${file}`)
    .filter((file) => {
      return labs.includes(readFileSync(file, 'utf8'))
    })
  return [...seen, ...directories, ...taken].sort()
}

/** The processes inside network namespaces given by their inodes. */
const processesIn = (inodes: ReadonlySet<string>): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && inodes.has(readlinkSync(`/proc/${pid}/ns/net`))
    } catch {
      return false
    }
  })

const inodesOf = (lab: string): ReadonlySet<string> =>
  new Set(
    readdirSync('/run/netns')
      .filter((name) => name.startsWith(`heddle-${lab}-`))
      .map((name) => `net:[${statSync(`/run/netns/${name}`).ino}]`),
  )

afterEach(async () => {
  for (const lab of labs) await destroyLab(lab)
})

it('takes everything down with it, what runs in hosts included, and can do so twice', async () => {
  const before = await machine()
  const lab = await createLab({ name: 'down1', nodes: 3 })
  const host = await lab.addHost({ name: 'r1', node: 'n1', interfaces: ['gig1', 'gig2'] })
  const sleeping = host.exec(['sleep', '60'])
  const inodes = inodesOf('down1')
  expect(inodes.size).toBe(5)
  expect(processesIn(inodes).length).toBeGreaterThanOrEqual(6)
  expect(await machine()).not.toEqual(before)

  expect(await destroyLab('down1')).toBe(true)
  expect((await sleeping).code).not.toBe(0)
  expect(processesIn(inodes)).toEqual([])
  expect(await machine()).toEqual(before)
  expect(existsSync('/run/heddle/labs/down1')).toBe(false)
  expect(await destroyLab('down1')).toBe(false)
})

it('keeps two labs apart that come up at the same moment', async () => {
  const [one, two] = await Promise.all([
    createLab({ name: 'down1', nodes: 2 }),
    createLab({ name: 'down2', nodes: 2 }),
  ])
  expect(one.controllerAddress).not.toBe(two.controllerAddress)
  await Promise.all([one, two].map((lab) => lab.addHost({ name: 'r1', node: 'n1', interfaces: ['gig1'] })))
  const names = (await listLabs()).filter((lab) => lab.state === 'up').map((lab) => lab.name)
  expect(names).toEqual(expect.arrayContaining(['down1', 'down2']))

  const survivors = processesIn(inodesOf('down2'))
  await one.destroy()
  expect(processesIn(inodesOf('down2'))).toEqual(survivors)
  const still = await openLab('down2')
  expect((await still.node('n1').exec(['ping', '-c', '1', '-W', '1', still.node('n2').rloc])).code).toBe(0)
  expect((await still.node('n2').exec(['ping', '-c', '1', '-W', '1', still.controllerAddress])).code).toBe(0)
})

it('refuses a name that is taken, and leaves the lab that has it alone', async () => {
  const lab = await createLab({ name: 'down1', nodes: 1 })
  await expect(createLab({ name: 'down1', nodes: 1 })).rejects.toMatchObject({ code: 'lab-exists' })
  expect(await lab.node('n1').pid('ovs-vswitchd')).toBeDefined()
  await expect(createLab({ name: 'not a name', nodes: 1 })).rejects.toMatchObject({ code: 'invalid-name' })
  await expect(openLab('down2')).rejects.toMatchObject({ code: 'lab-unknown' })
})

it('removes what it made when it is told to stop half way', async () => {
  const before = await machine()
  const stop = new AbortController()
  const up = createLab({
    name: 'down1',
    nodes: 6,
    signal: stop.signal,
    onProgress: ({ done }) => done === 2 && stop.abort(new Error('enough')),
  })
  await expect(up).rejects.toThrow('enough')
  expect(await machine()).toEqual(before)
})

/** Another process that brings the lab `killed` up and prints a line for each step. */
const builder = `
  import { createLab } from ${JSON.stringify(new URL('../../dist/src/lab/create-lab.js', import.meta.url).href)}
  await createLab({ name: 'killed', nodes: 12, onProgress: ({ step }) => console.log(step) })
`

/** Ends the builder with kill -9 when it has printed so many lines. */
const killAfter = async (lines: number): Promise<void> => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const child = spawn(process.execPath, ['--input-type=module', '--eval', builder], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  let seen = 0
  for await (const _ of createInterface({ input: child.stdout })) {
    if (++seen === lines) break
  }
  expect(seen).toBe(lines)
  await expect(destroyLab('killed')).rejects.toMatchObject({ code: 'lab-busy' })
  child.kill('SIGKILL')
  await exit
}

describe.each([1, 2, 5, 9])('killed with -9 after step %i of its way up', (lines) => {
  it('leaves a lab that is shown as broken and goes down clean', async () => {
    const before = await machine()
    await killAfter(lines)
    const [left] = (await listLabs()).filter((lab) => lab.name === 'killed')
    expect(left?.state).toBe('broken')
    const inodes = inodesOf('killed')
    expect(await destroyLab('killed')).toBe(true)
    expect(processesIn(inodes)).toEqual([])
    expect(await machine()).toEqual(before)
  })
})
