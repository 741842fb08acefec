/** From a template and its arguments to the texts of migrations. Pure: nothing is read, nothing written. */
import { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import { nextSecond } from '../plan/next-version.ts'
import { slugOf } from '../plan/slug.ts'
import { ask } from './ask.ts'
import type { TemplateArguments } from './parameters.ts'
import { printScript } from './print-script.ts'
import { printSql, printSqlPair } from './print-sql.ts'
import { findTemplate, templateNames } from './registry.ts'
import type { Asked, SqlStep, Template, TemplateDialect, Unavailable } from './template.ts'

/** `sql-pair`: NAME.up.sql and NAME.down.sql. */
export type TemplateForm = 'typescript' | 'sql' | 'sql-pair'

/** One migration, which may be more than one file. */
export interface RenderedMigration {
  /** `add_user_age`, and with its step where there are several: `rename_name_1_expand`. */
  readonly slug: string
  readonly files: readonly RenderedFile[]
}

export interface RenderedFile {
  /** What follows the slug: `.ts`, `.up.sql`. */
  readonly extension: string
  readonly text: string
}

export interface RenderRequest {
  readonly slug: string
  readonly form: TemplateForm
  readonly dialect: TemplateDialect | undefined
  readonly values: TemplateArguments
  /** Only a project's own templates have any. */
  readonly variables?: ReadonlyMap<string, string>
}

/** Throws unknown-template, template-unavailable, bad-argument (all 64). */
export function renderMigrations(name: string, request: RenderRequest): RenderedMigration[] {
  const template = findTemplate(name)
  if (template === undefined) throw unknownTemplate(name, templateNames)
  const { slug, form, dialect, values } = request
  const asked = ask(template, { slug, flags: flagsOf(form, dialect), dialect, values })
  if ((request.variables?.size ?? 0) > 0) throw asked.refuse("--var is for the project's own templates", {})
  const not = dialect === undefined ? undefined : template.not?.[dialect]
  if (not !== undefined) throw unavailable(template, databases[dialect ?? 'postgres'], not)
  if (form === 'typescript') {
    if (typeof template.typescript !== 'function')
      throw unavailable(template, 'TypeScript', template.typescript)
    return template.typescript(asked).map((step) => migration(slug, step, [['.ts', printScript(step)]]))
  }
  const render = template.sql[requireDialect(template, asked)]
  if (typeof render !== 'function')
    throw unavailable(template, `SQL for ${databases[dialect ?? 'postgres']}`, render)
  return render(asked).map((step) => migration(slug, step, sqlFiles(step, form)))
}

function flagsOf(form: TemplateForm, dialect: TemplateDialect | undefined): string[] {
  if (form === 'typescript') return []
  return [form === 'sql' ? '--sql' : '--pair', ...(dialect === undefined ? [] : [`--dialect ${dialect}`])]
}

const databases = { postgres: 'PostgreSQL', sqlite: 'SQLite' } as const

function migration(
  slug: string,
  { suffix }: { readonly suffix?: string },
  files: readonly (readonly [extension: string, text: string])[],
): RenderedMigration {
  return {
    slug: suffix === undefined ? slug : `${slug}_${suffix}`,
    files: files.map(([extension, text]) => ({ extension, text })),
  }
}

function sqlFiles(step: SqlStep, form: TemplateForm): [extension: string, text: string][] {
  if (form === 'sql') return [['.sql', printSql(step)]]
  const { up, down } = printSqlPair(step)
  return down === undefined
    ? [['.up.sql', up]]
    : [
        ['.up.sql', up],
        ['.down.sql', down],
      ]
}

/** A blank file is the same for both. */
function requireDialect(template: Template, { dialect, command, refuse }: Asked): TemplateDialect {
  if (dialect !== undefined) return dialect
  if (template.sql.postgres === template.sql.sqlite) return 'postgres'
  throw refuse(
    'SQL for which database? None is configured, and --dialect is not given',
    `${command({})} --dialect postgres (or sqlite)`,
  )
}

function unavailable({ name }: Template, where: string, { why, instead }: Unavailable): SlipwayError {
  return new SlipwayError('template-unavailable', `${name} is not for ${where}: ${why}`, { hint: instead })
}

export function unknownTemplate(name: string, known: readonly string[]): SlipwayError {
  const near = nearest(name, known)
  const shown = /^[\w.-]{1,60}$/.test(name) ? ` ${name}` : ' of that name'
  return new SlipwayError('unknown-template', `there is no template${shown}`, {
    hint:
      near === undefined
        ? 'slipway templates'
        : `did you mean --template ${near}? All of them: slipway templates`,
  })
}

/** Keys in camel case of what `slipway new` has as flags; docs/templates.md has what each template takes. */
export interface RenderOptions extends TemplateArguments {
  /** As a person says it; by default the template's name. */
  readonly name?: string | undefined
  /** YYYYMMDDHHMMSS; what follows is one second later each. Without it names have no version. */
  readonly version?: string | undefined
  /** Default `typescript`. */
  readonly form?: TemplateForm | undefined
  /** Needed for SQL. */
  readonly dialect?: TemplateDialect | undefined
}

/** What a template came to. */
export interface RenderedTemplate {
  readonly files: readonly { readonly name: string; readonly text: string }[]
}

/**
 * The migrations that `slipway new` would write, as texts. Throws SlipwayError with exit code 64: unknown-template,
 * template-unavailable, bad-argument.
 * @example renderTemplate('add-column', { name: 'add age', table: 'users', column: ['age:integer'] }).files[0].text
 */
export function renderTemplate(template: string, options: RenderOptions = {}): RenderedTemplate {
  const { name = template, version, form = 'typescript', dialect, ...values } = options
  if (version !== undefined && !/^\d{14}$/.test(version))
    throw new SlipwayError('bad-argument', `the version ${JSON.stringify(version)} is not YYYYMMDDHHMMSS`)
  const migrations = renderMigrations(template, { slug: slugOf(name), form, dialect, values })
  let next = version
  const files = migrations.flatMap(({ slug, files }) => {
    const prefix = next === undefined ? '' : `${next}_`
    next = next === undefined ? undefined : nextSecond(next)
    return files.map(({ extension, text }) => ({ name: `${prefix}${slug}${extension}`, text }))
  })
  return { files }
}
