/** Mappings that operators put, as rows, their locators in a table of their own, and back. Pure. */
import { mappingActions } from '#model/site.js'
import { deleteRows, insert, type Operation, update } from '#ovsdb/operations.js'
import { provenanceColumns, provenanceOf } from './rows.js'
import type { StoreBatch, StoredMapping } from './store.js'
import { type MappingLocatorRow, type MappingRow, mapping, mappingLocator } from './tables.js'
import { type Known, named } from './transaction.js'

const locatorOf = (row: MappingLocatorRow) => ({
  rloc: row.rloc,
  priority: row.priority,
  weight: row.weight,
  multicastPriority: row.multicast_priority,
  multicastWeight: row.multicast_weight,
})

export const storedMappingOf = (row: MappingRow, locators: readonly MappingLocatorRow[]): StoredMapping => {
  const action = mappingActions.find((word) => word === row.action)
  return {
    iid: row.iid,
    eid: row.eid,
    spec: {
      locators: locators.map(locatorOf),
      ...(row.ttl !== null && { ttl: row.ttl }),
      ...(action !== undefined && { action }),
    },
    provenance: provenanceOf(row),
  }
}

/** As for sites: new rows below it, and the old ones go. */
const put = ({ iid, eid, spec, provenance }: StoredMapping, known: Known): Operation[] => {
  const columns = {
    locators: spec.locators.map((_, index) => named(`locator${index}`)),
    ttl: spec.ttl ?? null,
    action: spec.action ?? null,
    ...provenanceColumns(provenance),
  }
  const row = known.mappingRow(iid, eid)
  return [
    ...spec.locators.map((one, index) =>
      insert(
        mappingLocator,
        {
          rloc: one.rloc,
          priority: one.priority ?? 1,
          weight: one.weight ?? 100,
          multicast_priority: one.multicastPriority ?? 255,
          multicast_weight: one.multicastWeight ?? 0,
        },
        `locator${index}`,
      ),
    ),
    row === undefined
      ? insert(mapping, { iid, eid, ...columns })
      : update(mapping, [['_uuid', '==', row]], columns),
  ]
}

/** What a batch says of static mappings, as operations. */
export const mappingOperations = ({ putMapping, removeMapping }: StoreBatch, known: Known): Operation[] => {
  const gone =
    removeMapping === undefined ? undefined : known.mappingRow(removeMapping.iid, removeMapping.eid)
  return [
    ...(putMapping === undefined ? [] : put(putMapping, known)),
    ...(gone === undefined ? [] : [deleteRows(mapping, [['_uuid', '==', gone]])]),
  ]
}
