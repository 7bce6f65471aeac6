/** `heddle lab` as a user types it, and deploy/setup.sh where there is nothing left to install. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destroyLab } from '#lab/teardown.js'

const name = 'command'
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

const run = (program: string, args: readonly string[], env?: Record<string, string>): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(program, [...args], { cwd: root, ...(env ? { env } : {}) }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })

const heddle = (...args: string[]): Promise<Outcome> =>
  run(process.execPath, ['dist/src/cli/heddle.js', 'lab', ...args])

beforeAll(async () => {
  await destroyLab(name)
})
afterAll(async () => {
  await destroyLab(name)
})

describe('heddle lab', () => {
  it('brings a lab up and shows it', async () => {
    const up = await heddle('up', '--name', name, '--nodes', 'leaf1,leaf2', '--controller')
    expect(up.stderr).toBe('')
    expect(up.stdout).toMatch(/leaf2 +198\.1[89]\.\d+\.2 +100\.64\.0\.2 +\d+ +\d+ +heddle-command-leaf2/)
    expect(up.stdout).toMatch(/up in .*, 2 nodes/)

    const again = await heddle('up', '--name', name)
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toContain(`heddle lab down --name ${name}`)
  })

  it('adds hosts and says which device to wire', async () => {
    const added = await heddle(
      'host',
      'r1',
      '-n',
      name,
      '--node',
      'leaf1',
      '-i',
      'gig1,gig2',
      '-a',
      'gig1=10.9.0.1/24',
    )
    expect(added.stdout).toMatch(/r1 +gig1 +leaf1 +r1-gig1 +1500 +10\.9\.0\.1\/24/)
    const json = await heddle(
      'host',
      'r2',
      '-n',
      name,
      '--node',
      'leaf2',
      '-i',
      'gig1',
      '--mtu',
      '9000',
      '-o',
      'json',
    )
    expect(JSON.parse(json.stdout)).toEqual({
      name: 'r2',
      node: 'leaf2',
      namespace: 'heddle-command-r2',
      interfaces: [{ name: 'gig1', device: 'r2-gig1', mtu: 9000, addresses: [] }],
    })
    const show = JSON.parse((await heddle('show', '-n', name, '-o', 'json')).stdout)
    expect(show).toMatchObject({
      name,
      nodes: [{ name: 'leaf1' }, { name: 'leaf2' }],
      hosts: [{ name: 'r1' }, { name: 'r2' }],
    })
    expect(show.controller).toBe(`tcp:${show.controllerAddress}:6640`)
  })

  it('runs commands in hosts and nodes, and passes output and exit code on', async () => {
    const address = await heddle(
      'exec',
      '--name',
      name,
      'r1',
      '--',
      'ip',
      '-brief',
      '-4',
      'address',
      'show',
      'dev',
      'gig1',
    )
    expect(address.stdout).toContain('10.9.0.1/24')
    expect(await heddle('exec', '-n', name, 'r1', '--', 'sh', '-c', 'echo words >&2; exit 7')).toEqual({
      code: 7,
      stdout: '',
      stderr: 'words\n',
    })
    expect((await heddle('exec', '-n', name, 'r1', '--', 'sh', '-c', 'kill -9 $$')).code).toBe(137)
    expect((await heddle('exec', '-n', name, 'leaf1', 'ovs-vsctl', 'list-br')).stdout).toBe('br-phy\n')
  })

  it('names what is wrong and the way out', async () => {
    const nobody = await heddle('exec', '-n', name, 'r9', '--', 'true')
    expect(nobody.stderr).toContain(`heddle lab show --name ${name}`)
    expect((await heddle('host', 'r3', '-n', name, '--node', 'n9', '-i', 'a')).stderr).toContain(
      'leaf1, leaf2',
    )
    expect(
      (await heddle('host', 'r3', '-n', name, '--node', 'leaf1', '-i', 'a', '-a', 'b=10.0.0.1/8')).code,
    ).toBe(2)
    expect((await heddle('show', '-n', 'nolab')).stderr).toContain('heddle lab list')
  })

  it('lists labs and takes them down, twice if need be', async () => {
    expect((await heddle('list')).stdout).toMatch(/command +up +2 +2 +198/)
    expect((await heddle('unhost', 'r1', '-n', name)).code).toBe(0)
    expect((await heddle('unhost', 'r1', '-n', name)).code).toBe(1)
    expect(await heddle('down', '-n', name)).toEqual({ code: 0, stdout: 'command is down\n', stderr: '' })
    expect((await heddle('down', '-n', name)).code).toBe(0)
    expect((await heddle('list')).stdout).not.toContain('command')
  })
})

describe('deploy/setup.sh', () => {
  it('does nothing, and that at once, where everything is installed', async () => {
    const began = performance.now()
    const outcome = await run('deploy/setup.sh', [], { PATH: '/usr/bin:/bin' })
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(performance.now() - began).toBeLessThan(500)
  })

  it('says what it would install and why', async () => {
    const { stdout } = await run('deploy/setup.sh', ['--help'])
    expect(stdout).toMatch(/^ +openvswitch-switch +\w+/m)
    expect((await run('deploy/setup.sh', ['--nonsense'])).code).toBe(2)
  })
})
