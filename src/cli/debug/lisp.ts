/** `heddle lisp`: LISP messages by hand, by Heddle's own library. For whoever debugs the protocol, a router or the library. */
import { Command } from 'commander'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type PrintOptions, withOutput } from '../print.js'

export const lispCommand = (io: Io): Command =>
  new Command('lisp').description('read LISP messages').addCommand(decodeCommand(io))

const decodeCommand = (io: Io): Command =>
  withOutput(
    new Command('decode')
      .description('print LISP messages: their fields, mappings and locators')
      .argument(
        '[input...]',
        'the bytes of a message, or a file: a capture (pcap, pcapng), or a message a line; - or nothing is standard input',
      )
      .addHelpText(
        'after',
        examples(
          ['heddle lisp decode 13000001000000000000002a...', 'one message'],
          ['heddle lisp decode routers.pcap -o json', 'all to and from port 4342 in a capture'],
          [
            "tcpdump -i eth0 -w - -U 'udp port 4342' | heddle lisp decode -",
            'a capture as it comes to its end',
          ],
        ),
      ),
  ).action(async (words: readonly string[], options: PrintOptions) => {
    const { decode } = await import('./lisp-decode.js')
    await decode(io, words, options)
  })
