/** The templates of a project: files of one folder, named after the template. */
import { join } from 'node:path'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import type { OwnFile, OwnTemplate } from '../templates/placeholders.ts'
import type { TemplateForm } from '../templates/render.ts'
import { listFolder } from './folder.ts'
import { readSourceFile, showPath } from './read-source.ts'

/** In the folder of migrations, where what begins with _ is never taken for one, whatever its files are called. */
const usualFolder = '_templates'

export interface OwnTemplatePlace {
  /** Absolute. */
  readonly path: string
  /** False: it need not be there. */
  readonly isNamed: boolean
}

export function placeOfTemplates(dir: string, named: string | undefined): OwnTemplatePlace {
  return { path: named ?? join(dir, usualFolder), isNamed: named !== undefined }
}

const fileName = /^([a-z0-9][a-z0-9_-]*)(\.up\.sql|\.down\.sql|\.sql|\.ts|\.js|\.mjs|\.cjs)$/i

/** Extensions by template; files of other names are none. Throws bad-template for a folder that is named and not there. */
export function listTemplates({ path, isNamed }: OwnTemplatePlace): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const file of listFiles(path, isNamed)) {
    const [, name, extension] = fileName.exec(file) ?? []
    if (name !== undefined && extension !== undefined)
      found.set(name, [...(found.get(name) ?? []), extension])
  }
  return found
}

function listFiles(path: string, isNamed: boolean): readonly string[] {
  try {
    return listFolder(path).files
  } catch (error) {
    if (!isNamed && isSlipwayError(error) && isMissing(error.cause)) return []
    throw new SlipwayError('bad-template', `the folder of templates cannot be read: ${path}`, {
      hint: 'make the folder, or correct SLIPWAY_TEMPLATES',
      cause: error,
    })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

export interface ReadTemplateOptions {
  readonly place: OwnTemplatePlace
  readonly name: string
  readonly extensions: readonly string[]
  readonly form: TemplateForm
  readonly cwd: string
}

/** The files of one form. Throws template-unavailable where it has no such form, bad-template where it cannot be read. */
export function readTemplate({ place, name, extensions, form, cwd }: ReadTemplateOptions): OwnTemplate {
  const files = chooseFiles(name, extensions, form).map((extension): OwnFile => {
    const path = join(place.path, `${name}${extension}`)
    return { extension, shown: showPath(path, cwd), text: readText(path, cwd) }
  })
  return { name, files }
}

/** With no form asked for, a script comes before SQL, and SQL is better than nothing. */
function chooseFiles(name: string, extensions: readonly string[], form: TemplateForm): readonly string[] {
  const script = extensions.filter((extension) => !extension.endsWith('.sql'))
  const single = extensions.filter((extension) => extension === '.sql')
  const pair = ['.up.sql', '.down.sql'].filter((extension) => extensions.includes(extension))
  const [first, second] = script
  if (second !== undefined)
    throw new SlipwayError('bad-template', `${name} is there as ${first} and as ${second}`, {
      hint: 'keep one of them',
    })
  if (pair.length === 1 && pair[0] === '.down.sql')
    throw new SlipwayError('bad-template', `${name}.down.sql has no ${name}.up.sql`)
  const orders = {
    typescript: [script, single, pair],
    sql: [single, pair],
    'sql-pair': [pair],
  } as const
  const chosen = orders[form].find((files) => files.length > 0)
  if (chosen !== undefined) return chosen
  throw new SlipwayError(
    'template-unavailable',
    `${name} is a template of this project, and has no ${form === 'sql-pair' ? `${name}.up.sql` : 'SQL'}`,
    { hint: form === 'sql-pair' ? 'leave out --pair' : 'leave out --sql' },
  )
}

function readText(path: string, cwd: string): string {
  try {
    return readSourceFile(path, cwd).text
  } catch (error) {
    throw new SlipwayError('bad-template', messageOf(error), { cause: error })
  }
}
