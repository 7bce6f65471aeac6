/**
 * All mappings of one family of EIDs: slots with what is known of each, a tree for each instance, the index of single EIDs and the
 * wheel of deadlines, kept in step. Keys are handed over in `key`; nothing here allocates but growth.
 */
import { type EidFamily, keyBits, keyWords } from './eid-key.js'
import { HostIndex } from './host-index.js'
import { RadixTree } from './radix-tree.js'
import { type Slot, Slots } from './slots.js'
import { TimingWheel, type TimingWheelOptions } from './timing-wheel.js'

interface Instance {
  readonly root: number
  size: number
}

export interface SpaceOptions extends TimingWheelOptions {
  /** As `HostIndex` has it. */
  readonly seed?: number
}

export class Space {
  readonly family: EidFamily
  readonly slots: Slots
  readonly wheel: TimingWheel
  /** The EID that the next operation is about. */
  readonly key: Uint32Array
  readonly #bits: number
  readonly #tree: RadixTree
  readonly #hosts: HostIndex
  readonly #instances = new Map<number, Instance>()
  /** Instance ids in order. */
  readonly #iids: number[] = []

  constructor(family: EidFamily, options: SpaceOptions) {
    this.family = family
    this.slots = new Slots(keyWords[family])
    this.wheel = new TimingWheel(options)
    this.#tree = new RadixTree(keyWords[family])
    this.#hosts = new HostIndex(this.slots, options.seed)
    this.#bits = keyBits[family]
    this.key = this.#tree.key
  }

  /** Instances with mappings, in order. */
  get iids(): readonly number[] {
    return this.#iids
  }

  /** How many mappings an instance has. */
  sizeOf(iid: number): number {
    return this.#instances.get(iid)?.size ?? 0
  }

  /** The slot of exactly the first `length` bits of `key`, or 0. */
  exact(iid: number, length: number): Slot {
    if (length === this.#bits) return this.#hosts.find(iid, this.key, length)
    const instance = this.#instances.get(iid)
    return instance === undefined ? 0 : this.#tree.valueAt(this.#tree.exact(instance.root, length))
  }

  /** The slot with the longest prefix that covers the first `length` bits of `key`, or 0. */
  longest(iid: number, length: number): Slot {
    if (length === this.#bits) {
      const host = this.#hosts.find(iid, this.key, length)
      if (host !== 0) return host
    }
    const instance = this.#instances.get(iid)
    return instance === undefined ? 0 : this.#tree.valueAt(this.#tree.longest(instance.root, length))
  }

  /** Whether there are mappings of longer prefixes within a slot's prefix. */
  hasMoreSpecifics(slot: Slot): boolean {
    return this.slots.length(slot) < this.#bits && this.#tree.hasMoreSpecifics(this.slots.node(slot))
  }

  /** As `RadixTree.gap`. */
  gap(iid: number, length: number): number {
    const instance = this.#instances.get(iid)
    return instance === undefined ? 0 : this.#tree.gap(instance.root, length)
  }

  /** A new slot for the first `length` bits of `key`, which have none. */
  add(iid: number, length: number): Slot {
    const instance = this.#instances.get(iid) ?? this.#open(iid)
    const slot = this.slots.take(iid, this.key, length)
    this.slots.setNode(slot, this.#tree.insert(instance.root, length, slot))
    if (length === this.#bits) this.#hosts.add(slot)
    instance.size += 1
    return slot
  }

  /** Takes a slot out. Overwrites `key`. */
  remove(slot: Slot): void {
    const iid = this.slots.iid(slot)
    const length = this.slots.length(slot)
    const instance = this.#instances.get(iid)
    if (instance === undefined) return
    this.key.set(this.slots.key(slot))
    this.wheel.cancel(slot)
    if (length === this.#bits) this.#hosts.remove(slot)
    this.#tree.remove(instance.root, length)
    this.slots.give(slot)
    instance.size -= 1
    if (instance.size === 0) this.#close(iid, instance)
  }

  /** Visits the slots that cover the first `length` bits of `key`, shortest first. */
  covering(iid: number, length: number, visit: (slot: Slot) => void): void {
    const instance = this.#instances.get(iid)
    if (instance === undefined) return
    this.#tree.covering(instance.root, length, (node) => visit(this.#tree.valueAt(node)))
  }

  /** Visits the slots within the first `length` bits of `key` in order, until `visit` returns false. */
  within(iid: number, length: number, visit: (slot: Slot) => boolean): void {
    const instance = this.#instances.get(iid)
    if (instance === undefined) return
    this.#tree.within(instance.root, length, (node) => visit(this.#tree.valueAt(node)))
  }

  /** Visits an instance's slots in order from after the first `length` bits of `key` (-1: from the first), likewise. */
  walk(iid: number, length: number, visit: (slot: Slot) => boolean): void {
    const instance = this.#instances.get(iid)
    if (instance === undefined) return
    this.#tree.walk(instance.root, length, (node) => visit(this.#tree.valueAt(node)))
  }

  #open(iid: number): Instance {
    const instance = { root: this.#tree.plant(), size: 0 }
    this.#instances.set(iid, instance)
    const above = this.#iids.findIndex((other) => other > iid)
    this.#iids.splice(above < 0 ? this.#iids.length : above, 0, iid)
    return instance
  }

  #close(iid: number, instance: Instance): void {
    this.#tree.fell(instance.root)
    this.#instances.delete(iid)
    this.#iids.splice(this.#iids.indexOf(iid), 1)
  }
}
