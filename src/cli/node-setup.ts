/** `heddle nodes setup`: what a node is to run once to be an endpoint itself. It prints a script and changes nothing. */
import type { Command } from 'commander'
import { nodeEndpointIdOf, nodePort } from '#model/node-port.js'
import { forwardingFiles, masqueradeRules, type NodeSetup, nodePortLines } from '#model/node-setup.js'
import { readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { CliError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { type PrintOptions, print } from './print.js'

type SetupOptions = ServerOptions & PrintOptions & { readonly masquerade?: boolean }

const explanation = `
A node is an endpoint of the default network (overlay.defaultNetwork) by the port ${nodePort}, which
its switch makes. Addresses and routes of that port cannot be set from afar: the script does that,
turns forwarding on, and with --masquerade lets what leaves the fabric bear the node's own address.
It may run any number of times. The CNI plugin does the same by itself.`

const waitSeconds = 30

export const nodeSetupCommand = (io: Io): Command =>
  asking('setup')
    .description('print the script that a node has to run to be an endpoint itself')
    .argument('<node>', 'name of the node', readName)
    .option('--masquerade', "what leaves the fabric there bears the node's address (nftables)")
    .addHelpText('after', explanation)
    .addHelpText(
      'after',
      examples(['heddle nodes setup n1 --masquerade | ssh n1 sudo sh', 'set the node n1 up']),
    )
    .action(async (name: string, options: SetupOptions) => {
      const client = await connect(io, options)
      const signal = io.signal
      const { datapathType } = await client.node(name, { signal })
      const id = nodeEndpointIdOf(name)
      const endpoint = await client.overlay.endpoint(id, { signal, wait: `${waitSeconds}s` })
      if (endpoint.status.state !== 'up')
        throw new CliError(
          'pending',
          `endpoint ${id} is not up`,
          endpoint.status.reasons.map((each) => each.message),
        )
      const { subnets } = await client.overlay.network(endpoint.network, { signal })
      const setup = { ...endpoint, subnets }
      const wishes = { masquerade: options.masquerade === true, offloadOff: datapathType !== 'system' }
      const script = nodeScript(setup, wishes)
      print(io, options, { node: name, endpoint: id, script }, () => script)
    })

interface Wishes {
  readonly masquerade: boolean
  /** Checksums left for a network card to fill in arrive broken behind a userspace datapath. */
  readonly offloadOff: boolean
}

/** Words that end a text in the script; no address has them. */
const end = 'END'
const given = (command: string, text: string): string => `${command} <<${end}\n${text.trimEnd()}\n${end}`

/** The script, for any POSIX shell. */
const nodeScript = (setup: NodeSetup, { masquerade, offloadOff }: Wishes): string =>
  `${[
    '#!/bin/sh',
    'set -eu',
    given('ip -batch -', nodePortLines(setup).join('\n')),
    ...(offloadOff ? [`ethtool -K ${nodePort} tx off >/dev/null`] : []),
    ...forwardingFiles(setup).map((file) => `echo 1 >${file}`),
    ...(masquerade ? [given('nft -f -', masqueradeRules(setup.subnets.map(({ cidr }) => cidr)))] : []),
  ].join('\n')}\n`
