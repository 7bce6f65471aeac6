/**
 * What encoding and decoding cost, beside the least that the same bytes can cost: OpenFlow flows against offsets written by hand,
 * OVSDB messages against `JSON.parse`.
 */
import { output, setField } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { flowModOf } from '#openflow/messages/flows.js'
import { decodeMessage, writeMessage } from '#openflow/messages.js'
import { Framing } from '#ovsdb/framing.js'
import { flowBody, flowKey } from '#reconcile/flow-book.js'
import { Writer } from '#wire/writer.js'
import { type BenchResult, result } from './report.js'
import { median } from './statistics.js'

const flowCount = 20_000
const rounds = 7

/** A wire's flow towards the tunnel: the one that a switch has most of. */
const flowOf = (index: number): Flow => ({
  table: 0,
  priority: 200,
  cookie: 0x4845_0200_0000_0000n + BigInt(index),
  match: { in_port: index + 1 },
  actions: [
    setField('tun_id', BigInt(index + 4096)),
    setField('tun_src', 0x6440_0001),
    setField('tun_dst', 0x6440_0002),
    output(1),
  ],
})

/** Nanoseconds of one item: the median of a few rounds, the first of which is not counted. */
const nanoseconds = (items: number, work: () => void): number => {
  const times: number[] = []
  for (let round = -2; round < rounds; round++) {
    const began = performance.now()
    work()
    if (round >= 0) times.push(((performance.now() - began) * 1e6) / items)
  }
  return median(times)
}

/** The same message with its offsets written by hand: what a codec cannot get under. */
const byHand = (encoded: Uint8Array): ((at: number) => void) => {
  const view = new DataView(new ArrayBuffer(encoded.length))
  const target = new Uint8Array(view.buffer)
  return (index) => {
    target.set(encoded)
    view.setUint32(4, index)
    view.setBigUint64(8, 0x4845_0200_0000_0000n + BigInt(index))
    view.setUint32(64, index + 1)
    view.setBigUint64(96, BigInt(index + 4096))
  }
}

const openflowFigures = (): Record<string, number> => {
  const flows = Array.from({ length: flowCount }, (_, index) => flowOf(index))
  const writer = new Writer(1 << 20)
  const encodeAll = (): void => {
    writer.reset()
    for (let index = 0; index < flowCount; index++)
      writeMessage(writer, flowModOf('add', flows[index] as Flow), index)
  }
  const encode = nanoseconds(flowCount, encodeAll)
  writer.reset()
  writeMessage(writer, flowModOf('add', flows[0] as Flow), 0)
  const one = writer.finish()
  const hand = byHand(one)
  const floor = nanoseconds(flowCount, () => {
    for (let index = 0; index < flowCount; index++) hand(index)
  })
  const decode = nanoseconds(flowCount, () => {
    for (let index = 0; index < flowCount; index++) decodeMessage(one)
  })
  const key = nanoseconds(flowCount, () => {
    for (const flow of flows) {
      flowKey(flow)
      flowBody(flow)
    }
  })
  return {
    'flow_mod bytes': one.length,
    'flow_mod encoded ns': encode,
    'flow_mod encoded by hand ns': floor,
    'flow_mod encoding as a multiple of by hand': encode / floor,
    'flow_mod decoded ns': decode,
    'flow compared (key and body) ns': key,
    'flow_mods encoded per second': 1e9 / encode,
  }
}

/** An update of a monitor with many rows, as `ovsdb-server` sends it. */
const updateText = (rows: number): string => {
  const row = (index: number): string =>
    `"${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000":{"initial":{"name":"port${index}","ofport":${index},"external_ids":["map",[["heddle-owner","link"]]],"interfaces":["uuid","${index.toString(16).padStart(8, '0')}-1111-4000-8000-000000000000"]}}`
  return `{"id":null,"method":"update2","params":["x",{"Port":{${Array.from({ length: rows }, (_, index) => row(index)).join(',')}}}]}`
}

const ovsdbFigures = (): Record<string, number> => {
  const text = Buffer.from(updateText(20_000))
  const chunks = Array.from({ length: Math.ceil(text.length / 65_536) }, (_, at) =>
    text.subarray(at * 65_536, (at + 1) * 65_536),
  )
  const ours = nanoseconds(1, () => {
    const framing = new Framing()
    for (const chunk of chunks) for (const _message of framing.feed(chunk));
  })
  const floor = nanoseconds(1, () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'))
  })
  return {
    'ovsdb update bytes': text.length,
    'ovsdb update framed and parsed ms': ours / 1e6,
    'ovsdb update by JSON.parse ms': floor / 1e6,
    'ovsdb parsing as a multiple of JSON.parse': ours / floor,
  }
}

export const run = async (): Promise<BenchResult> =>
  result('codec', [], { ...openflowFigures(), ...ovsdbFigures() })
