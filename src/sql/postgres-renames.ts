/** What a statement of PostgreSQL makes of names. */
import type { FormerNames } from './former-names.ts'
import type { Node, RangeVar, RenameStmt } from './libpg-query.ts'
import { showPath, showRelation, showSibling } from './postgres-names.ts'
import { handleNode } from './postgres-node.ts'

export interface PathState {
  /** What names without a schema mean; undefined: what they mean outside. */
  path: { readonly schema: string } | 'unknown' | undefined
}

export function rememberNames(node: Node, names: FormerNames, state: PathState): void {
  const { path } = state
  const place = (relation: RangeVar): RangeVar =>
    relation.schemaname === undefined && typeof path === 'object'
      ? { ...relation, schemaname: path.schema }
      : relation
  handleNode<void>(node, {
    RenameStmt: (statement) => renamed(statement, place, names),
    AlterObjectSchemaStmt({ objectType, relation, newschema }) {
      if (objectType !== 'OBJECT_TABLE' || relation === undefined) return
      names.renameTable(showRelation(place(relation)), showPath([newschema, relation.relname]))
    },
    CreateStmt({ relation, if_not_exists: isOptional }) {
      if (relation !== undefined && isOptional !== true) names.makeTable(showRelation(place(relation)))
    },
    CreateTableAsStmt({ into, objtype, if_not_exists: isOptional }) {
      if (into?.rel !== undefined && objtype === 'OBJECT_TABLE' && isOptional !== true)
        names.makeTable(showRelation(place(into.rel)))
    },
    AlterTableStmt({ relation, cmds }) {
      if (relation === undefined) return
      for (const command of cmds ?? []) {
        if (!('AlterTableCmd' in command)) continue
        const { subtype, def, missing_ok: isOptional } = command.AlterTableCmd
        if (subtype !== 'AT_AddColumn' || isOptional === true) continue
        if (def !== undefined && 'ColumnDef' in def && def.ColumnDef.colname !== undefined)
          names.makeColumn(showRelation(place(relation)), def.ColumnDef.colname)
      }
    },
    VariableSetStmt({ name, args }) {
      if (name?.toLowerCase() !== 'search_path') return
      state.path = pathOf(args ?? [])
    },
  })
  if (/"set_config"/.test(JSON.stringify(node))) state.path = 'unknown'
}

function renamed(
  { renameType, relationType, relation, subname, newname }: RenameStmt,
  place: (relation: RangeVar) => RangeVar,
  names: FormerNames,
): void {
  if (newname === undefined) return
  if (renameType === 'OBJECT_SCHEMA' && subname !== undefined) names.renameSchema(subname, newname)
  if (relation === undefined) return
  const placed = place(relation)
  if (renameType === 'OBJECT_TABLE') names.renameTable(showRelation(placed), showSibling(placed, newname))
  if (renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE' && subname !== undefined)
    names.renameColumn(showRelation(placed), subname, newname)
}

/** One schema is all that can be followed. */
function pathOf(args: readonly Node[]): PathState['path'] {
  const [only, ...others] = args
  if (only === undefined || others.length > 0 || !('A_Const' in only)) return 'unknown'
  const { sval } = only.A_Const
  return sval?.sval === undefined || sval.sval === '$user' ? 'unknown' : { schema: sval.sval }
}
