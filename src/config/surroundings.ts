/** What libpq would find besides a URL: PG* variables (dotenv files may hold them too), the home folder, a local socket. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { SlipwayError } from '../errors.ts'
import { namingVariables } from './libpq-parameters.ts'
import { buildPostgresUrl } from './postgres-url.ts'
import { readSecretFile } from './secret-file.ts'
import type { Source } from './source.ts'
import type { Layer, Sources } from './sources.ts'
import type { ParsedUrl, Surroundings, UrlContext } from './url-problem.ts'

/** Where servers put their sockets: Debian and the official images, and PostgreSQL's own default. */
const socketDirectories = ['/var/run/postgresql', '/tmp'] as const

export function createSurroundings({ layers, cwd }: Pick<Sources, 'layers' | 'cwd'>): Surroundings {
  const environment = layers.find(({ dotenv }) => dotenv === undefined)?.variables
  return {
    variable(name) {
      for (const layer of layers) {
        const found = name === 'PGPASSWORD' ? findPassword(layer, cwd) : findVariable(name, layer)
        if (found !== undefined) return found
      }
      return undefined
    },
    cwd,
    // Without an environment nothing counts but what is passed: see library/options.ts.
    home: environment === undefined ? undefined : environment.HOME || homeOfUser(),
    findSocket: (port) => socketDirectories.find((directory) => existsSync(`${directory}/.s.PGSQL.${port}`)),
  }
}

/** The database that the PG* variables alone name; undefined if they name none. Throws bad-url or bad-setting. */
export function parseLibpqVariables(context: Omit<UrlContext, 'name'>): ParsedUrl | undefined {
  const named = namingVariables.find((name) => context.surroundings?.variable(name) !== undefined)
  if (named === undefined) return undefined
  const nothing = { libpq: new Map(), schema: undefined, pooled: false, warnings: [] }
  return buildPostgresUrl(nothing, { ...context, name: named })
}

/** Which of the variables that say where the database is are set, for `slipway config`. */
export function libpqSources({ layers }: Pick<Sources, 'layers'>): Source[] {
  return ['PGSERVICE', 'PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGUSER'].flatMap((variable) => {
    const layer = layers.find(({ variables }) => Boolean(variables[variable]))
    return layer === undefined ? [] : [{ kind: 'variable', variable, dotenv: layer.dotenv } as const]
  })
}

function findVariable(name: string, layer: Layer): ReturnType<Surroundings['variable']> {
  const text = Object.hasOwn(layer.variables, name) ? layer.variables[name] : undefined
  return text ? { text, name: layer.dotenv === undefined ? name : `${name} in ${layer.dotenv}` } : undefined
}

/** Not libpq's, but the way a password is mounted in a container. */
function findPassword(layer: Layer, cwd: string): ReturnType<Surroundings['variable']> {
  const direct = findVariable('PGPASSWORD', layer)
  const file = findVariable('PGPASSWORD_FILE', layer)
  if (direct !== undefined && file !== undefined)
    throw new SlipwayError('secret-twice', `both ${direct.name} and ${file.name} are set`, {
      hint: 'unset PGPASSWORD or PGPASSWORD_FILE',
    })
  if (file === undefined) return direct
  return { text: readSecretFile({ variable: file.name, path: file.text, cwd }), name: file.name }
}

/** None where the uid has no entry in the user database. */
function homeOfUser(): string | undefined {
  try {
    return homedir() || undefined
  } catch {
    return undefined
  }
}
