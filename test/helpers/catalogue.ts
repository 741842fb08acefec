/**
 * What a database holds, as text that is equal for equal schemas: no object ids, no order of creation beyond that of
 * columns and enum labels, and nothing of slipway's own history tables.
 */
import Database from 'better-sqlite3'

type Query = (text: string) => Promise<readonly Record<string, unknown>[]>

export const historyTables: readonly string[] = ['schema_migrations', 'schema_migrations_log']

const history = historyTables.map((table) => `'${table}'`).join(', ')

/** Schemas, relations and other objects that belong to the user, not to the system, an extension or slipway. */
const common = `with user_schemas as materialized (
  select oid, nspname, nspowner, nspacl from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
), extension_members as materialized (
  select classid, objid from pg_depend where deptype = 'e'
), history_relations as materialized (
  select t.oid from pg_class t where t.relkind in ('r', 'p') and t.relname in (${history})
  union all select i.indexrelid from pg_index i join pg_class t on t.oid = i.indrelid where t.relname in (${history})
  union all select d.objid from pg_depend d join pg_class t on t.oid = d.refobjid
    where d.deptype in ('a', 'i') and d.classid = 'pg_class'::regclass and t.relname in (${history})
), user_relations as materialized (
  select c.*, format('%I.%I', n.nspname, c.relname) as shown
  from pg_class c join user_schemas n on n.oid = c.relnamespace
  where c.oid not in (select oid from history_relations)
    and ('pg_class'::regclass, c.oid) not in (select * from extension_members)
)`
const userSchemas = 'select * from user_schemas'
const extensionMembers = 'select * from extension_members'
const historyRelations = 'select oid from history_relations'
const relations = 'select * from user_relations'

/** Each yields rows with one column, `line`; they are sorted here, so that no collation matters. */
const sections: Readonly<Record<string, string>> = {
  schemas: `select format('%I %s', nspname, nspacl) as line from (${userSchemas}) n`,
  extensions: `
    select format('%I %s in %I', extname, extversion, nspname) as line
    from pg_extension e join pg_namespace n on n.oid = extnamespace`,
  relations: `
    select format('%s kind=%s persistence=%s options=%s acl=%s rls=%s,%s replica=%s key=%s bound=%s method=%s', shown,
      relkind, relpersistence, reloptions, relacl, relrowsecurity, relforcerowsecurity, relreplident,
      pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid),
      (select amname from pg_am a where a.oid = relam)) as line
    from (${relations}) c where relkind not in ('i', 'I', 'S')`,
  inheritance: `
    select format('%s of %s %s', c.shown, inhparent::regclass, inhseqno) as line
    from pg_inherits join (${relations}) c on c.oid = inhrelid`,
  columns: `
    select format('%s %s %I %s%s%s identity=%s generated=%s default=%s acl=%s stats=%s storage=%s', c.shown,
      row_number() over (partition by attrelid order by attnum), attname, format_type(atttypid, atttypmod),
      ' collate ' || nullif(attcollation, (select typcollation from pg_type t where t.oid = atttypid))::regcollation,
      case when attnotnull then ' not null' end, attidentity, attgenerated, pg_get_expr(adbin, adrelid), attacl,
      nullif(attstattarget, -1), attstorage) as line
    from pg_attribute join (${relations}) c on c.oid = attrelid
      left join pg_attrdef d on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped and relkind not in ('i', 'I', 'S')`,
  constraints: `
    select format('%s %I %s valid=%s', coalesce(c.shown, contypid::regtype::text), conname, pg_get_constraintdef(k.oid),
      convalidated) as line
    from pg_constraint k join (${userSchemas}) n on n.oid = connamespace left join (${relations}) c on c.oid = conrelid
    where (c.oid is not null or contypid <> 0) and ('pg_type'::regclass, contypid) not in (${extensionMembers})`,
  indexes: `
    select format('%s valid=%s ready=%s primary=%s cluster=%s', pg_get_indexdef(indexrelid), indisvalid, indisready,
      indisprimary, indisclustered) as line
    from pg_index join (${relations}) c on c.oid = indexrelid`,
  views: `
    select format('%s as %s', shown, pg_get_viewdef(oid)) as line
    from (${relations}) c where relkind in ('v', 'm')`,
  rules: `
    select pg_get_ruledef(r.oid) as line
    from pg_rewrite r join (${relations}) c on c.oid = ev_class where rulename <> '_RETURN'`,
  functions: `
    select format('%s(%s) acl=%s %s', p.oid::regproc, pg_get_function_identity_arguments(p.oid), proacl,
      case when prokind <> 'a' then pg_get_functiondef(p.oid) end) as line
    from pg_proc p join (${userSchemas}) n on n.oid = pronamespace
    where ('pg_proc'::regclass, p.oid) not in (${extensionMembers})`,
  operators: `
    select format('%s %s', o.oid::regoperator, oprcode) as line
    from pg_operator o join (${userSchemas}) n on n.oid = oprnamespace
    where ('pg_operator'::regclass, o.oid) not in (${extensionMembers})`,
  casts: `
    select format('%s to %s %s %s %s', castsource::regtype, casttarget::regtype, nullif(castfunc, 0)::regprocedure,
      castcontext, castmethod) as line
    from pg_cast c where c.oid >= 16384 and ('pg_cast'::regclass, c.oid) not in (${extensionMembers})`,
  triggers: `
    select format('%s enabled=%s', pg_get_triggerdef(t.oid), tgenabled) as line
    from pg_trigger t join (${relations}) c on c.oid = tgrelid where not tgisinternal`,
  'event triggers': `
    select format('%I on %s %s %s %s', evtname, evtevent, evttags, evtfoid::regproc, evtenabled) as line
    from pg_event_trigger`,
  enums: `
    select format('%s %s', enumtypid::regtype, string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)) as line
    from pg_enum where ('pg_type'::regclass, enumtypid) not in (${extensionMembers}) group by enumtypid`,
  types: `
    select format('%s kind=%s base=%s not null=%s default=%s acl=%s', t.oid::regtype, typtype,
      format_type(nullif(typbasetype, 0), typtypmod), typnotnull, typdefault, typacl) as line
    from pg_type t join (${userSchemas}) n on n.oid = typnamespace
    where typtype in ('d', 'e', 'r', 'm') and ('pg_type'::regclass, t.oid) not in (${extensionMembers})`,
  ranges: `
    select format('%s of %s %s', rngtypid::regtype, rngsubtype::regtype, nullif(rngsubdiff, 0)::regproc) as line
    from pg_range join pg_type t on t.oid = rngtypid join (${userSchemas}) n on n.oid = typnamespace`,
  sequences: `
    select format('%s %s start=%s by=%s min=%s max=%s cache=%s cycle=%s owner=%s', shown, seqtypid::regtype, seqstart,
      seqincrement, seqmin, seqmax, seqcache, seqcycle,
      (select format('%s %s %s', refobjid::regclass, refobjsubid, deptype) from pg_depend
       where objid = c.oid and classid = 'pg_class'::regclass and deptype in ('a', 'i')
         and refclassid = 'pg_class'::regclass)) as line
    from pg_sequence join (${relations}) c on c.oid = seqrelid`,
  policies: `
    select format('%s %I %s permissive=%s roles=%s using=%s check=%s', c.shown, polname, polcmd, polpermissive,
      polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) as line
    from pg_policy join (${relations}) c on c.oid = polrelid`,
  statistics: `
    select pg_get_statisticsobjdef(s.oid) as line
    from pg_statistic_ext s join (${userSchemas}) n on n.oid = stxnamespace`,
  collations: `
    select format('%I %s', collname, collprovider) as line
    from pg_collation c join (${userSchemas}) n on n.oid = collnamespace`,
  'default privileges': `
    select format('%s %s %s', defaclrole::regrole, defaclobjtype, defaclacl) as line from pg_default_acl`,
  comments: `
    select format('%s: %s', identity, description) as line
    from pg_description d cross join pg_identify_object(classoid, objoid, objsubid)
    where objoid >= 16384 and (classoid, objoid) not in (${extensionMembers})
      and classoid not in ('pg_extension'::regclass, 'pg_largeobject'::regclass)
      and not (classoid = 'pg_class'::regclass and objoid in (${historyRelations}))`,
}

/** In one statement: most helpers open a connection for each. */
const everything = `${common}
${Object.entries(sections)
  .map(([name, text]) => `select '${name}' as section, line::text as line from (${text}) lines`)
  .join('\nunion all\n')}`

/** The schema of a PostgreSQL database (13 to 18), section by section. */
export async function dumpCatalogue(query: Query): Promise<string> {
  const found = Object.groupBy(await query(everything), ({ section }) => String(section))
  const dumped = Object.keys(sections).flatMap((name) => [
    `== ${name}`,
    ...(found[name] ?? []).map(({ line }) => String(line)).sort(),
  ])
  return `${dumped.join('\n')}\n`
}

/** Rows of every user table, one line each. */
export async function dumpRowCounts(query: Query): Promise<string> {
  const tables = await query(`${common} select shown from (${relations}) c where relkind = 'r'`)
  const lines: string[] = []
  for (const { shown } of tables) {
    const [row] = await query(`select count(*)::text as n from ${shown}`)
    lines.push(`${shown} ${row?.n}`)
  }
  return `${lines.sort().join('\n')}\n`
}

/** Schema and row counts of a SQLite file. */
export function dumpSqliteCatalogue(file: string): string {
  const db = new Database(file, { readonly: true })
  try {
    const objects = db
      .prepare<[], { type: string; name: string; tbl_name: string; sql: string | null }>(
        'select type, name, tbl_name, sql from sqlite_schema',
      )
      .all()
      .filter(({ tbl_name }) => !historyTables.includes(tbl_name))
    const lines = objects.map(({ type, name, tbl_name, sql }) => {
      const rows =
        type === 'table'
          ? db
              .prepare(`select count(*) from "${name.replaceAll('"', '""')}"`)
              .pluck()
              .get()
          : ''
      return `${type} ${name} on ${tbl_name} ${rows}: ${sql}`
    })
    return `${lines.sort().join('\n')}\n`
  } finally {
    db.close()
  }
}
