/** An image of static busybox, made from what the machine has: no registry is asked. It sleeps, and so serves as a pod's sandbox too. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#lab/command.js'

export const imageName = 'heddle.test/busybox:1'

const applets = ['sh', 'sleep', 'ip', 'ping', 'nc', 'cat']
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Writes the image as `docker save` does, a tar with a manifest; returns the file. */
export const buildImage = async (directory: string): Promise<string> => {
  const root = join(directory, 'image-root')
  await mkdir(join(root, 'bin'), { recursive: true })
  await copyFile((await run('which', ['busybox'])).trim(), join(root, 'bin', 'busybox'))
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet))
  const layer = join(directory, 'layer.tar')
  await run('tar', ['-C', root, '--owner=0', '--group=0', '-cf', layer, '.'])
  const digest = createHash('sha256')
    .update(await readFile(layer))
    .digest('hex')
  const config = {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: ['/bin/sleep', '1000000'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  }
  const manifest = [{ Config: 'config.json', RepoTags: [imageName], Layers: ['layer.tar'] }]
  await writeFile(join(directory, 'config.json'), JSON.stringify(config))
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest))
  const image = join(directory, 'image.tar')
  await run('tar', ['-C', directory, '-cf', image, 'manifest.json', 'config.json', 'layer.tar'])
  return image
}
