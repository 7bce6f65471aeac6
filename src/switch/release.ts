/** Takes everything of ours out of a switch's database. Pure. A bridge that we made goes whole; another one stays. */
import { deleteRows, mutate, type Operation, update } from '#ovsdb/operations.js'
import { bridge, controller, ids, owners, root } from './tables.js'
import type { SwitchView } from './view.js'

export const releaseOperations = (view: SwitchView): Operation[] => {
  const row = view.bridge
  const rootRow = view.root
  if (row === undefined || rootRow === undefined) return []
  if (row.external_ids.get(ids.owner) === owners.bridge) {
    return [
      mutate(
        root,
        [['_uuid', '==', rootRow._uuid]],
        [
          ['bridges', 'delete', [row._uuid]],
          ['next_cfg', '+=', 1],
        ],
      ),
    ]
  }
  const where = [['_uuid', '==', row._uuid]] as const
  const ports = [...view.ports()].filter(({ external_ids }) => external_ids.has(ids.owner))
  const controllers = view.controllers().filter(({ external_ids }) => external_ids.has(ids.owner))
  const others = row.controller.filter((uuid) => !controllers.some(({ _uuid }) => _uuid === uuid))
  return [
    ...(ports.length > 0
      ? [mutate(bridge, where, [['ports', 'delete', ports.map(({ _uuid }) => _uuid)]])]
      : []),
    update(bridge, where, { controller: others }),
    mutate(bridge, where, [['external_ids', 'delete', [ids.fabric]]]),
    ...controllers.map(({ _uuid }) => deleteRows(controller, [['_uuid', '==', _uuid]])),
  ]
}
