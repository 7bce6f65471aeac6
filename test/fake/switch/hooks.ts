/** What a test or a simulation may do to a simulated switch's connections. */
import type { ServedTransactions } from './database-server.js'
import type { ServedChannel } from './openflow-server.js'

export interface FakeHooks extends ServedChannel, ServedTransactions {}
