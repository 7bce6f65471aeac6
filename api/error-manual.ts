/** The manual's page of errors, `docs/errors.md`, made from the model's table and the advice below; a test keeps them equal. */
import { type ErrorCode, errorCodes } from '#model/error.js'

/** When each error happens and what to do about it. */
const advice: Readonly<Record<ErrorCode, string>> = {
  'invalid-request':
    'The body, the query, the path or a header does not fit. `field` says where, `errors` lists everything that is wrong.',
  unauthorized: 'Send `Authorization: Bearer TOKEN` with a token of the controller’s token file.',
  'not-found':
    'Nothing has this name, or the path is none of ours. A second deletion of the same object ends here too.',
  'method-not-allowed': 'The header `Allow` lists what this path understands.',
  'name-taken': 'Another object, the `owner`, has this name. Choose another, or change that one.',
  'vni-taken': 'The link named in `owner` uses this VNI. Leave `vni` out and one is chosen.',
  'vni-quarantined':
    'A link that was deleted a short while ago used this VNI; late packets could reach the wrong end. Wait, or leave `vni` out.',
  'interface-taken': 'An interface ends one link or is one endpoint: the one named in `owner`.',
  'address-taken':
    'The endpoint named in `owner` has this address of the network, or it is reserved for it. Leave `addresses` out and one is chosen.',
  'address-quarantined':
    'An endpoint that was deleted a short while ago had this address; others may still send to it. Wait, or leave `addresses` out.',
  'mac-taken': 'The endpoint named in `owner` has this MAC address in the same network.',
  'network-in-use':
    'Delete its endpoints first, or leave them the addresses that they have. The `owner` is one of them.',
  'node-in-use': 'Delete the links that end at the node, and the endpoints that are there, first.',
  'topology-owns-link': 'Change or delete the link through the topology named in `owner`.',
  'eid-taken':
    'An EID-prefix belongs to one site only: the `owner` has it. Give the site a longer prefix, or change that one.',
  'managed-elsewhere':
    'The `owner` says what the object is: a configuration, a network, a node. Change it there.',
  conflict: 'Read the object again, then decide whether the change is still wanted.',
  'body-too-large':
    'A topology may have as many bytes as the configuration says, every other body 64 KiB. Split the topology.',
  'unsupported-media-type': 'Send JSON, with `Content-Type: application/json`.',
  'vni-out-of-range': 'Use a VNI of the configured range, or leave `vni` out.',
  'mtu-too-large':
    'The tunnel adds its header to each packet. Lower the `mtu`, or raise that of the underlay and say so at the nodes.',
  'mtu-too-small': 'RFC 8200, section 5: a network with an IPv6 subnet needs an `mtu` of 1280 or more.',
  'same-interface': 'A link joins two interfaces.',
  'network-unknown': 'Make the network first, or correct its name.',
  'address-outside': 'Choose an address inside a subnet of the network, or add a subnet.',
  'address-unusable':
    'The gateway, the network and broadcast addresses of a subnet, and those that the network excludes, are never given out.',
  'subnets-overlap': 'Subnets of one network have no address in common; those of different networks may.',
  'no-mapping-system':
    'Sites and mappings are there where the controller is given addresses to listen on for LISP: `lisp.listen` in its configuration.',
  'vni-exhausted': 'Every VNI of the range is used or in quarantine. Delete links or widen the range.',
  'subnet-exhausted':
    'Every address of the subnet is given out, excluded or rests after its use. Delete endpoints, wait, or add a subnet.',
  'store-unavailable':
    'The database is away, or its disk is full. Nothing was changed; the same request may succeed later.',
  'not-leader':
    'Another controller holds the lock of the northbound database and takes changes; this one waits for it.',
  'outcome-unknown':
    'The database went away while it was asked. Read the object to see whether the change is there before you repeat it.',
  'node-offline': 'Only the connected switch could have answered. It is asked again when it is back.',
  'node-refused': 'The switch said no; `peer` has its words.',
  overloaded:
    'Too much at once, or the controller is on its way down. Come back after `Retry-After` seconds.',
  internal: 'A defect of ours. The log has more under the same request id; please report it.',
}

const intro = `# Errors

<!-- Made from src/model/error.ts by api/error-manual.ts. Do not edit: run \`npx vitest run -u test/unit/api-errors.test.ts\`. -->

Every failure of the REST API is answered with a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
{
  "type": "urn:heddle:problem:interface-taken",
  "title": "The interface belongs to another link or endpoint",
  "status": 409,
  "code": "interface-taken",
  "detail": "gig1 on node n1 belongs to link blue",
  "field": "a.interface",
  "owner": "link blue",
  "requestId": "7m3v0q9xk2fd"
}
\`\`\`

\`code\` is for programs and never changes its meaning; \`detail\` is for people. \`field\`, \`owner\`, \`peer\` (what a switch or the
database said) and \`errors\` (all that is wrong with a request) are there where they apply.
`

/** The page as Markdown. */
export const errorManual = (): string => {
  const codes = Object.keys(errorCodes).sort() as ErrorCode[]
  const sections = codes.map((code) => {
    const [status, title] = errorCodes[code]
    return `## ${code}\n\n${status}. ${title}. ${advice[code]}\n`
  })
  return [intro, ...sections].join('\n')
}
