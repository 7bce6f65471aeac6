/** Wires made of what requests say. Pure. */
import type { Request, WirePatch } from '#api/fabric.js'
import type { Wire, WireSpec } from '#model/wire.js'
import type { NewWire } from '#store/store.js'

/** A wire as it is stored first. */
export const newWire = (spec: WireSpec, vni: number, request: Request): NewWire => ({
  name: spec.name,
  a: spec.a,
  b: spec.b,
  vni,
  ...(spec.mtu !== undefined && { mtu: spec.mtu }),
  ...(spec.rateMbps !== undefined && { rateMbps: spec.rateMbps }),
  provenance: request.provenance,
})

/** The stored fields of a wire after `spec` replaces what was stated of it. */
export const replacement = (wire: Wire, spec: WireSpec): Wire => {
  const { mtu: _mtu, rateMbps: _rate, ...kept } = wire
  return {
    ...kept,
    a: spec.a,
    b: spec.b,
    vni: spec.vni ?? wire.vni,
    ...(spec.mtu !== undefined && { mtu: spec.mtu }),
    ...(spec.rateMbps !== undefined && { rateMbps: spec.rateMbps }),
  }
}

/** What a user would have to say to have the wire as it is. */
export const specOf = (wire: Wire): WireSpec => {
  const { name, a, b, vni, mtu, rateMbps } = wire
  return { name, a, b, vni, ...(mtu !== undefined && { mtu }), ...(rateMbps !== undefined && { rateMbps }) }
}

/** A wire with what a patch changes of it. */
export const patched = (wire: Wire, patch: WirePatch, request: Request): Wire => {
  const mtu = patch.mtu === undefined ? wire.mtu : (patch.mtu ?? undefined)
  const rateMbps = patch.rateMbps === undefined ? wire.rateMbps : (patch.rateMbps ?? undefined)
  const spec: WireSpec = {
    name: wire.name,
    a: patch.a ?? wire.a,
    b: patch.b ?? wire.b,
    ...(patch.vni !== undefined && { vni: patch.vni }),
    ...(mtu !== undefined && { mtu }),
    ...(rateMbps !== undefined && { rateMbps }),
  }
  return { ...replacement(wire, spec), provenance: request.provenance }
}
