/** TCP through the fabric: bytes that are counted at the far end, and whom that end sees. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { LabHost } from '#lab/host.js'
import type { LabNode } from '#lab/node.js'

type Member = Pick<LabHost | LabNode, 'enter' | 'exec'>

const bytes = 300_000

const server = `
import socket, sys
listener = socket.create_server((sys.argv[1], 0), family=socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)
listener.settimeout(10)
print(listener.getsockname()[1], flush=True)
stream, peer = listener.accept()
stream.settimeout(10)
count = 0
while True:
    part = stream.recv(65536)
    if not part: break
    count += len(part)
stream.sendall((peer[0] + ' ' + str(count)).encode())
`

const client = `
import socket, sys
stream = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
stream.sendall(b'x' * ${bytes})
stream.shutdown(socket.SHUT_WR)
print(stream.recv(200).decode())
`

/** Sends bytes by TCP to an address of `to`; resolves with the address that the far end saw. Rejects where not all arrived. */
export const tcpCarries = async (from: Member, to: Member, address: string): Promise<string> => {
  const [program = '', ...args] = to.enter(['python3', '-c', server, address])
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    const [port] = await once(child.stdout, 'data')
    const { stdout, stderr } = await from.exec(['python3', '-c', client, address, String(port).trim()])
    const [seen = '', count] = stdout.trim().split(' ')
    if (Number(count) !== bytes) throw new Error(`${count} of ${bytes} bytes arrived: ${stderr}`)
    return seen
  } finally {
    child.kill()
    await ended
  }
}
