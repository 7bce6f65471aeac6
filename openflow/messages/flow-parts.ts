/** The codecs of matches and actions under the names that the messages use. */
import { matchWith, oxmListWith } from '../match-codec.js'

export { actions as actionList, instructions as instructionList } from '../instructions.js'
export { match } from '../match-codec.js'

/** In what a switch reports: it may know fields that we do not. */
export const reportedMatch = matchWith({ strict: false })
export const reportedOxmList = oxmListWith({ strict: false })
