/**
 * What a database holds, a line for each thing, as the server itself writes it: `pg_get_*def`, every name with its
 * schema. https://www.postgresql.org/docs/current/catalogs.html
 */
import type { Link } from './link.ts'
import { type HistoryNames, literal } from './naming.ts'

/** See Session.readCatalogue. */
export async function readCatalogue(link: Link, names: HistoryNames): Promise<string> {
  const queries = sections(names)
  const results = await link.simple(
    `begin transaction read only;
set local search_path = pg_catalog;
${Object.values(queries).join(';\n')};
commit`,
  )
  return Object.keys(queries)
    .flatMap((section, index) =>
      (results[index]?.rows ?? []).map(({ line }) => `${section} ${String(line).replaceAll('\n', '\n  ')}\n`),
    )
    .sort()
    .join('')
}

/** Privileges as they are in effect: a grant that was taken back leaves the defaults spelled out. */
function grants(list: string, kind: string, owner: string): string {
  return `(select coalesce(string_agg(item::text, ' ' order by item::text), 'none') from unnest(coalesce(${list}, acldefault('${kind}', ${owner}))) as item)`
}

/** Each yields rows with one column, `line`. Members of extensions belong to those, and slipway's tables to nobody's schema. */
function sections(names: HistoryNames): Readonly<Record<string, string>> {
  const spaces = `(select * from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`
  const isOwn = (catalogue: string, oid: string) =>
    `not exists (select from pg_depend as member where member.deptype = 'e' and member.classid = '${catalogue}'::regclass and member.objid = ${oid})`
  const ours = [names.history, names.log, names.progress]
    .map((table) => `to_regclass(${literal(table)})`)
    .join(', ')
  const oursOrTheirs = `(select oid from pg_class where oid in (${ours})
    union all select indexrelid from pg_index where indrelid in (${ours})
    union all select objid from pg_depend where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and refobjid in (${ours}) and deptype in ('a', 'i'))`
  const relations = `(select class.*, format('%I.%I', space.nspname, class.relname) as shown
    from pg_class as class join ${spaces} as space on space.oid = class.relnamespace
    where class.oid not in ${oursOrTheirs} and ${isOwn('pg_class', 'class.oid')})`
  return {
    schema: `select format('%I owner=%s grants=%s', nspname, pg_get_userbyid(nspowner), ${grants('nspacl', 'n', 'nspowner')}) as line from ${spaces} as space`,
    extension: `select format('%I in %I', extname, nspname) as line from pg_extension join pg_namespace as space on space.oid = extnamespace`,
    relation: `select format('%s kind=%s persistence=%s owner=%s options=%s rls=%s,%s replica=%s key=%s bound=%s grants=%s', shown, relkind, relpersistence,
      pg_get_userbyid(relowner), reloptions, relrowsecurity, relforcerowsecurity, relreplident, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid),
      ${grants('relacl', 'r', 'relowner')}) as line
      from ${relations} as relation where relkind not in ('i', 'I', 'S', 't')`,
    inheritance: `select format('%s of %s', shown, inhparent::regclass) as line from pg_inherits join ${relations} as relation on relation.oid = inhrelid where relkind not in ('i', 'I')`,
    column: `select format('%s.%I %s%s%s identity=%s generated=%s default=%s grants=%s', shown, attname, format_type(atttypid, atttypmod),
      ' collate ' || nullif(attcollation, (select typcollation from pg_type as type where type.oid = atttypid))::regcollation,
      case when attnotnull then ' not null' end, attidentity, attgenerated, pg_get_expr(adbin, adrelid), nullif(attacl, '{}')) as line
      from pg_attribute join ${relations} as relation on relation.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attnum > 0 and not attisdropped and relkind not in ('i', 'I', 'S', 't')`,
    constraint: `select format('%s %I %s valid=%s', coalesce(shown, contypid::regtype::text), conname, pg_get_constraintdef(own.oid), convalidated) as line
      from pg_constraint as own join ${spaces} as space on space.oid = connamespace left join ${relations} as relation on relation.oid = conrelid
      where conparentid = 0 and contype <> 'n' and (relation.oid is not null or (contypid <> 0 and ${isOwn('pg_type', 'contypid')}))`,
    index: `select format('%s valid=%s', pg_get_indexdef(indexrelid), indisvalid) as line
      from pg_index join ${relations} as relation on relation.oid = indexrelid where not relispartition`,
    view: `select format('%s as %s', shown, pg_get_viewdef(oid)) as line from ${relations} as relation where relkind in ('v', 'm')`,
    rule: `select pg_get_ruledef(rule.oid) as line from pg_rewrite as rule join ${relations} as relation on relation.oid = ev_class where rulename <> '_RETURN'`,
    routine: `select format('%s grants=%s %s', own.oid::regprocedure, ${grants('proacl', 'f', 'proowner')}, case when prokind <> 'a' then pg_get_functiondef(own.oid) end) as line
      from pg_proc as own join ${spaces} as space on space.oid = pronamespace where ${isOwn('pg_proc', 'own.oid')}`,
    operator: `select format('%s %s', own.oid::regoperator, oprcode) as line
      from pg_operator as own join ${spaces} as space on space.oid = oprnamespace where ${isOwn('pg_operator', 'own.oid')}`,
    cast: `select format('%s to %s %s %s %s', castsource::regtype, casttarget::regtype, nullif(castfunc, 0)::regprocedure, castcontext, castmethod) as line
      from pg_cast as own where own.oid >= 16384 and ${isOwn('pg_cast', 'own.oid')}`,
    trigger: `select format('%s enabled=%s', pg_get_triggerdef(own.oid), tgenabled) as line
      from pg_trigger as own join ${relations} as relation on relation.oid = tgrelid where not tgisinternal and tgparentid = 0`,
    'event trigger': `select format('%I on %s %s %s %s', evtname, evtevent, evttags, evtfoid::regproc, evtenabled) as line from pg_event_trigger`,
    enum: `select format('%s %s', enumtypid::regtype, string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)) as line
      from pg_enum where ${isOwn('pg_type', 'enumtypid')} group by enumtypid`,
    type: `select format('%s kind=%s base=%s not null=%s default=%s grants=%s', own.oid::regtype, typtype, format_type(nullif(typbasetype, 0), typtypmod),
      typnotnull, typdefault, ${grants('typacl', 'T', 'typowner')}) as line
      from pg_type as own join ${spaces} as space on space.oid = typnamespace where typtype in ('d', 'e', 'r') and ${isOwn('pg_type', 'own.oid')}`,
    range: `select format('%s of %s %s', rngtypid::regtype, rngsubtype::regtype, nullif(rngsubdiff, 0)::regproc) as line
      from pg_range join pg_type as own on own.oid = rngtypid join ${spaces} as space on space.oid = typnamespace where ${isOwn('pg_type', 'own.oid')}`,
    sequence: `select format('%s %s start=%s by=%s min=%s max=%s cache=%s cycle=%s owned by %s grants=%s', shown, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
      (select format('%s.%s', refobjid::regclass, attname) from pg_depend join pg_attribute on attrelid = refobjid and attnum = refobjsubid
       where objid = relation.oid and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')),
      ${grants('relacl', 's', 'relowner')}) as line
      from pg_sequence join ${relations} as relation on relation.oid = seqrelid`,
    policy: `select format('%s %I %s permissive=%s roles=%s using=%s check=%s', shown, polname, polcmd, polpermissive,
      (select string_agg(case when role = 0 then 'public' else pg_get_userbyid(role)::text end, ' ' order by role) from unnest(polroles) as role),
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) as line
      from pg_policy join ${relations} as relation on relation.oid = polrelid`,
    statistics: `select pg_get_statisticsobjdef(own.oid) as line from pg_statistic_ext as own join ${spaces} as space on space.oid = stxnamespace`,
    collation: `select format('%I.%I %s', nspname, collname, collprovider) as line from pg_collation join ${spaces} as space on space.oid = collnamespace`,
    'default privileges': `select format('%s in %s %s %s', pg_get_userbyid(defaclrole), nullif(defaclnamespace, 0)::regnamespace, defaclobjtype, defaclacl) as line from pg_default_acl`,
    comment: `select format('%s %s: %s', type, identity, description) as line
      from pg_description as own cross join pg_identify_object(classoid, objoid, objsubid)
      where objoid >= 16384 and classoid not in ('pg_extension'::regclass, 'pg_largeobject'::regclass)
        and not (classoid = 'pg_class'::regclass and objoid in ${oursOrTheirs})
        and not exists (select from pg_depend as member where member.deptype = 'e' and member.classid = classoid and member.objid = objoid)
        and not (classoid = 'pg_namespace'::regclass and description = 'Made by slipway for its history')`,
  }
}
