/**
 * The CRI as kubelet speaks it (`runtime.v1.RuntimeService`, k8s.io/cri-api): pods are made, looked at and removed over containerd's
 * socket. The few messages are declared by hand.
 */
import { Client, credentials } from '@grpc/grpc-js'
import { message, messagesIn, number, parse, text, textIn } from './protobuf.js'

export interface Pod {
  readonly name: string
  /** Of the sandbox: what CNI knows as the container's id. */
  readonly id: string
  /** Of the sandbox's process: its namespaces are the pod's. */
  readonly pid: number
  /** As the runtime reports them: the first one is the pod's own. */
  readonly addresses: readonly string[]
}

export interface PortMapping {
  readonly containerPort: number
  readonly hostPort: number
}

const service = '/runtime.v1.RuntimeService/'

/** Milliseconds that one call may take. */
const callMsMax = 60_000

export class CriClient {
  readonly #client: Client
  #uid = 0

  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure())
  }

  /** A sandbox with its network: what kubelet does before it starts containers. */
  async runPod(name: string, ports: readonly PortMapping[] = []): Promise<Pod> {
    const config = [
      message(1, text(1, name), text(2, `uid-${name}-${this.#uid++}`), text(3, 'shop')),
      text(2, name),
      ...ports.map(({ containerPort, hostPort }) =>
        message(5, number(2, containerPort), number(3, hostPort)),
      ),
      // Host's IPC and PID namespaces would be shared unless they are said to be the pod's own.
      message(8, message(2, message(1, number(2, 0)))),
    ]
    const answer = await this.#call('RunPodSandbox', message(1, ...config))
    return this.#pod(name, textIn(parse(answer), 1))
  }

  async removePod({ id }: Pick<Pod, 'id'>): Promise<void> {
    await this.#call('StopPodSandbox', text(1, id))
    await this.#call('RemovePodSandbox', text(1, id))
  }

  /** Ids of every sandbox that there is. */
  async pods(): Promise<readonly string[]> {
    return messagesIn(parse(await this.#call('ListPodSandbox', Buffer.alloc(0))), 1).map((pod) =>
      textIn(pod, 1),
    )
  }

  close(): void {
    this.#client.close()
  }

  async #pod(name: string, id: string): Promise<Pod> {
    const answer = parse(await this.#call('PodSandboxStatus', Buffer.concat([text(1, id), number(2, 1)])))
    const [status] = messagesIn(answer, 1)
    const network = status === undefined ? undefined : messagesIn(status, 5)[0]
    const addresses =
      network === undefined
        ? []
        : [textIn(network, 1), ...messagesIn(network, 2).map((each) => textIn(each, 1))]
    const info = messagesIn(answer, 2).find((entry) => textIn(entry, 1) === 'info')
    const { pid } = JSON.parse(info === undefined ? '{}' : textIn(info, 2))
    return { name, id, pid, addresses }
  }

  #call(method: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const same = (bytes: Buffer): Buffer => bytes
      const options = { deadline: new Date(Date.now() + callMsMax) }
      this.#client.makeUnaryRequest(`${service}${method}`, same, same, request, options, (error, answer) => {
        if (error !== null) reject(new Error(`${method}: ${error.details}`))
        else resolve(answer ?? Buffer.alloc(0))
      })
    })
  }
}
