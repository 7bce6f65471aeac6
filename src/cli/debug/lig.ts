/**
 * `heddle lig`: asks a Map-Resolver where an EID is, as the LISP Internet Groper does (RFC 6835). It needs no controller: whoever debugs a
 * mapping system points it at any Map-Resolver.
 */
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseEid, parseIp } from '#lisp/address-text.js'
import type { Eid } from '#lisp/eid.js'
import { integerFrom } from '../arguments.js'
import { usageError } from '../exit.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type PrintOptions, print, withOutput } from '../print.js'
import { ask, type Place, placeText } from './lig-ask.js'
import { ligText, ligValue } from './lig-text.js'

interface LigOptions extends PrintOptions {
  readonly iid?: number
  readonly resolver: Place
  readonly source?: Eid
  readonly timeout: number
  readonly count: number
}

const controlPort = 4342
/** The controller's, where it is not configured otherwise. */
const ownResolver: Place = { address: { family: 'ipv4', value: 0x7f00_0001 }, port: controlPort }

const readEid = (text: string): Eid => {
  try {
    return parseEid(text)
  } catch (error) {
    throw new InvalidArgumentError(`Expected an EID; ${error instanceof Error ? error.message : text}.`)
  }
}

/** `192.0.2.1`, `192.0.2.1:4342`, `2001:db8::1`, `[2001:db8::1]:4342`. */
const readPlace = (text: string): Place => {
  const [, bracketed, plain, digits = String(controlPort)] =
    /^(?:\[(.*)\]|([^:]*|.*:.*:.*?))(?::(\d{1,5}))?$/.exec(parseIp(text) ? `[${text}]` : text) ?? []
  const address = parseIp(bracketed ?? plain ?? '')
  const port = Number(digits)
  if (address !== undefined && port > 0 && port <= 65_535) return { address, port }
  throw new InvalidArgumentError('Expected an IP address, or ADDRESS:PORT; IPv6 as [ADDRESS]:PORT.')
}

const readSeconds = (text: string): number => {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 3_600) return value
  throw new InvalidArgumentError('Expected seconds, more than 0.')
}

/** The instance id may stand in front of the EID or in the option, not differently in both. */
const withInstance = (eid: Eid, iid: number | undefined): Eid => {
  if (iid === undefined || eid.iid === iid) return eid
  if (eid.iid === 0) return { ...eid, iid }
  throw usageError(`the EID has instance id ${eid.iid}, --iid is ${iid}`)
}

export const ligCommand = (io: Io): Command =>
  withOutput(
    new Command('lig')
      .description('ask a Map-Resolver where an EID is; print its answer and how long it took')
      .argument('<eid>', 'an address, a prefix, a MAC address or a "name" in quotes; [IID]EID also', readEid)
      .option('--iid <iid>', 'instance id of the EID; otherwise 0', integerFrom(0, 0xff_ffff))
      .addOption(
        new Option('-r, --resolver <address>', 'ADDRESS or ADDRESS:PORT of the Map-Resolver')
          .argParser(readPlace)
          .default(ownResolver, placeText(ownResolver)),
      )
      .option('--source <eid>', 'EID in whose name to ask; otherwise none', readEid)
      .option('-t, --timeout <seconds>', 'how long to wait for each answer', readSeconds, 2)
      .option('-c, --count <count>', 'how often to ask before giving up', integerFrom(1, 100), 3)
      .addHelpText(
        'after',
        examples(
          ['heddle lig 10.1.1.7 --iid 100', 'the Map-Resolver of this machine'],
          ['heddle lig 10.1.1.7 --iid 100 --resolver 192.0.2.1', 'another one'],
          ['heddle lig 02:00:00:00:00:01 --iid 7 -r [2001:db8::1]:4342 -o json', 'a MAC address, over IPv6'],
        ),
      ),
  ).action(async (wanted: Eid, { iid, resolver, source, timeout, count, output }: LigOptions) => {
    const eid = withInstance(wanted, iid)
    const asking = { eid, resolver, timeoutMs: timeout * 1000, count, ...(source && { source }) }
    const answered = await ask(io, asking)
    print(io, { output }, ligValue(asking, answered), (palette) => ligText(asking, answered, palette))
  })
