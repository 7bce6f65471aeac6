/**
 * `heddle lab`: a fabric of real Open vSwitch nodes on this machine. The other commands are clients of a controller; this
 * one works on the machine itself, since a lab is what a controller is tried on.
 */
import { Command } from 'commander'
import type { Io } from './io.js'
import { downCommand } from './lab/down.js'
import { execCommand } from './lab/exec.js'
import { hostCommand, unhostCommand } from './lab/host.js'
import { listCommand } from './lab/list.js'
import { showCommand } from './lab/show.js'
import { upCommand } from './lab/up.js'

const afterHelp = `
A lab is made of network namespaces, each node with an ovsdb-server and an ovs-vswitchd
of its own, so that it needs root and touches nothing else on the machine:
  heddle-NAME-NODE, heddle-NAME-HOST   the namespaces
  heddle-NAME-fabric                   the bridges between the nodes
  hdl-NAME                             the link to the nodes' management addresses
  /run/heddle/labs/NAME                databases, sockets and logs

An afternoon in a lab:
  heddle lab up --nodes 3 --controller
  heddle lab host r1 --node n1 --interfaces gig1 --address gig1=10.0.0.1/24
  heddle lab host r2 --node n3 --interfaces gig1 --address gig1=10.0.0.2/24
  heddle links add blue --a n1:r1-gig1 --b n3:r2-gig1
  heddle lab exec r1 -- ping 10.0.0.2
  heddle lab down`

export const labCommand = (io: Io): Command =>
  new Command('lab')
    .description('make a fabric of real Open vSwitch nodes on this machine')
    .enablePositionalOptions()
    .addHelpText('after', afterHelp)
    .addCommand(upCommand(io))
    .addCommand(downCommand(io))
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(hostCommand(io))
    .addCommand(unhostCommand(io))
    .addCommand(execCommand(io))
