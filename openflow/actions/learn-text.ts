/** The text of the action `learn`. ovs-actions(7), "The learn action". */

import { parseFieldValue, printFieldValue } from '../field-text.js'
import { fields } from '../fields.js'
import type { Learn, LearnSource, LearnSpec } from './learn.js'
import { fromWire, toWire } from './ports.js'
import {
  parseArrow,
  parseDestination,
  parseSubfield,
  printSubfield,
  type Subfield,
  subfieldFromText,
} from './subfield.js'
import { badText, keyValues, parseBig, parseNumber, printHex, type TextForm } from './text.js'

const isWhole = ({ field, offset, width }: Subfield): boolean => offset === 0 && width === fields[field].width

/** Hexadecimal with as many digits as Open vSwitch prints: none in front, `0x0` for zero. */
const printConstant = (value: bigint): string => `0x${value.toString(16)}`

const isSame = (a: Subfield, b: LearnSource): boolean =>
  typeof b !== 'bigint' && a.field === b.field && a.offset === b.offset

const printMatch = (destination: Subfield, source: LearnSource): string => {
  if (typeof source !== 'bigint') {
    const place = printSubfield(destination)
    return isSame(destination, source) ? place : `${place}=${printSubfield(source)}`
  }
  if (!isWhole(destination)) return `${printSubfield(destination)}=${printConstant(source)}`
  const field = fields[destination.field]
  const value = fromWire(field.name, field.wide ? source : Number(source))
  return `${field.name}=${printFieldValue(field, value)}`
}

/** Open vSwitch writes a zero that is loaded without its base. */
const printLoaded = (value: bigint): string => (value === 0n ? '0' : printConstant(value))

const printSpec = (spec: LearnSpec): string => {
  if (spec.type === 'output') return `output:${printSubfield(spec.source)}`
  if (spec.type === 'match') return printMatch(spec.destination, spec.source)
  const source = typeof spec.source === 'bigint' ? printLoaded(spec.source) : printSubfield(spec.source)
  return `load:${source}->${printSubfield(spec.destination)}`
}

const print = (body: Learn): string => {
  const parts = [`table=${body.table}`]
  const seconds = (key: string, value: number): void => {
    if (value !== 0) parts.push(`${key}=${value}`)
  }
  seconds('idle_timeout', body.idleTimeout)
  seconds('hard_timeout', body.hardTimeout)
  seconds('fin_idle_timeout', body.finIdleTimeout)
  seconds('fin_hard_timeout', body.finHardTimeout)
  if (body.priority !== defaults.priority) parts.push(`priority=${body.priority}`)
  if (body.sendFlowRem) parts.push('send_flow_rem')
  if (body.deleteLearned) parts.push('delete_learned')
  if (body.cookie !== 0n) parts.push(`cookie=${printHex(body.cookie)}`)
  if (body.limit !== 0) parts.push(`limit=${body.limit}`)
  if (body.resultDestination !== undefined) parts.push(`result_dst=${printSubfield(body.resultDestination)}`)
  return `learn(${[...parts, ...body.specs.map(printSpec)].join(',')})`
}

const defaults: Learn = {
  table: 1,
  priority: 0x8000,
  cookie: 0n,
  idleTimeout: 0,
  hardTimeout: 0,
  finIdleTimeout: 0,
  finHardTimeout: 0,
  limit: 0,
  sendFlowRem: false,
  deleteLearned: false,
  specs: [],
}

const numbers = {
  table: ['table', 254],
  priority: ['priority', 0xffff],
  idle_timeout: ['idleTimeout', 0xffff],
  hard_timeout: ['hardTimeout', 0xffff],
  fin_idle_timeout: ['finIdleTimeout', 0xffff],
  fin_hard_timeout: ['finHardTimeout', 0xffff],
  limit: ['limit', 0xffff_ffff],
} as const

const isNumber = (key: string): key is keyof typeof numbers => Object.hasOwn(numbers, key)

/** A constant for all of a field is written as the field's values are, for a part of it as a number. */
const parseConstant = (destination: Subfield, value: string): bigint => {
  if (!isWhole(destination)) return parseBig(value, destination.width, `value of ${destination.field}`)
  const parsed = parseFieldValue(fields[destination.field], value)
  return parsed.mask === undefined
    ? BigInt(toWire(destination.field, parsed.value))
    : badText(`${value} has a mask`)
}

const parseMatch = (key: string, value: string): LearnSpec => {
  const destination = parseSubfield(key)
  if (value === '') return { type: 'match', destination, source: destination }
  const source = subfieldFromText(value)
  if (source === undefined) return { type: 'match', destination, source: parseConstant(destination, value) }
  if (source.width !== destination.width)
    badText(`${key} has ${destination.width} bits, ${value} has ${source.width}`)
  return { type: 'match', destination, source: parseSubfield(value) }
}

const parseLoad = (value: string): LearnSpec => {
  const [from, to] = parseArrow(value)
  const destination = parseDestination(to)
  if (/^\d/.test(from))
    return { type: 'load', destination, source: parseBig(from, destination.width, 'value') }
  const source = parseSubfield(from)
  if (source.width !== destination.width)
    badText(`${from} has ${source.width} bits, ${to} has ${destination.width}`)
  return { type: 'load', destination, source }
}

const parseSpec = (key: string, value: string): LearnSpec => {
  if (key === 'load') return parseLoad(value)
  if (key === 'output') return { type: 'output', source: parseSubfield(value) }
  return parseMatch(key, value)
}

const parseArgument = (found: Learn, key: string, value: string): Learn => {
  if (isNumber(key)) {
    const [member, max] = numbers[key]
    return { ...found, [member]: parseNumber(value, max, key) }
  }
  switch (key) {
    case 'cookie':
      return { ...found, cookie: parseBig(value, 64, key) }
    case 'send_flow_rem':
      return { ...found, sendFlowRem: true }
    case 'delete_learned':
      return { ...found, deleteLearned: true }
    case 'result_dst':
      return { ...found, resultDestination: parseResult(value) }
    default:
      return { ...found, specs: [...found.specs, parseSpec(key, value)] }
  }
}

const parseResult = (value: string): Subfield => {
  const place = parseDestination(value)
  return place.width === 1 ? place : badText(`${value} is not one bit`)
}

export const learnText: TextForm<Learn> = {
  names: ['learn'],
  syntax: ['learn(argument,…)'],
  print,
  parse: (argument) =>
    keyValues(argument).reduce((found, { key, value }) => parseArgument(found, key, value), defaults),
}
