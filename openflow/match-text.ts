/** Matches as text, both ways: what `ovs-ofctl` accepts before `actions=` and prints there. */
export { parseMatch, parseMatchPairs } from './match-parse.js'
export { printMatch } from './match-print.js'
