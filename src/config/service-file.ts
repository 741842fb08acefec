/** Connection service files: https://www.postgresql.org/docs/current/libpq-pgservice.html */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import { describeObstacle } from './file-obstacle.ts'
import { type Given, refuseGiven } from './given.ts'
import { isKeyword, type Keyword, unusedLibpqParameters } from './libpq-parameters.ts'
import type { Surroundings } from './url-problem.ts'

export interface ServiceRequest {
  /** The service's name. */
  readonly service: Given
  /** The file, where one is named; without a name it need not be there. */
  readonly file: Given | undefined
  readonly surroundings: Surroundings
}

export type Service = ReadonlyMap<Keyword, Given>

/** Where Debian's libpq looks; others are compiled with other places, which PGSYSCONFDIR names. */
const systemFolder = '/etc/postgresql-common'

/** The parameters of a service. Throws bad-url or bad-setting: no such service, or a file that cannot be used. */
export function readService(request: ServiceRequest): Service {
  const { service, file, surroundings } = request
  const own = file?.text ?? inHome(surroundings.home)
  const folder = surroundings.variable('PGSYSCONFDIR')?.text ?? systemFolder
  const files = [own, join(folder, 'pg_service.conf')].filter((path) => path !== undefined)
  const seen: string[] = []
  const looked: string[] = []
  for (const [index, written] of files.entries()) {
    const path = resolve(surroundings.cwd, written)
    const lines = readLines(path, index === 0 ? file : undefined)
    if (lines === undefined) continue
    looked.push(path)
    const found = findSection(lines, service, path)
    if (found !== undefined) return found
    seen.push(...sectionNames(lines))
  }
  throw noSuchService(service, seen, looked, files)
}

function inHome(home: string | undefined): string | undefined {
  return home === undefined ? undefined : join(home, '.pg_service.conf')
}

/** Undefined where there is no such file and nobody named it. */
function readLines(path: string, named: Given | undefined): readonly string[] | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isAbsent && named === undefined) return undefined
    const obstacle = describeObstacle(path, error)
    if (named !== undefined) throw refuseGiven(named, `names ${path}, ${obstacle}`)
    throw new SlipwayError('bad-setting', `${path}, ${obstacle}`, {
      hint: 'make it readable, or unset PGSERVICE',
    })
  }
}

function sectionNames(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^\s*\[(.*?)\]/.exec(line)?.[1] ?? [])
}

/** The first section of that name counts, and in it the first line for a parameter. */
function findSection(lines: readonly string[], service: Given, path: string): Service | undefined {
  const isStart = (line: string) => line.startsWith(`[${service.text}]`)
  const trimmed = lines.map((line) => line.trim())
  const start = trimmed.findIndex(isStart)
  if (start === -1) return undefined
  const rest = trimmed.slice(start + 1)
  const next = rest.findIndex((line) => line.startsWith('['))
  const name = `service ${JSON.stringify(service.text)} in ${path}`
  const found = new Map<Keyword, Given>()
  for (const [index, line] of (next === -1 ? rest : rest.slice(0, next)).entries()) {
    if (line === '' || line.startsWith('#')) continue
    const [keyword, text] = readLine(line, `${path}:${start + index + 2}`)
    if (isKeyword(keyword) && !found.has(keyword)) found.set(keyword, { text, name, inUrl: false })
  }
  return found
}

function readLine(line: string, place: string): [string, string] {
  const problem = (text: string) =>
    new SlipwayError('bad-setting', `${place} ${text}`, {
      hint: 'write keyword=value there, without blanks around the =',
    })
  if (line.startsWith('ldap')) throw problem('looks a service up by LDAP, which slipway does not do')
  const equals = line.indexOf('=')
  if (equals === -1) throw problem('is not keyword=value')
  const keyword = line.slice(0, equals)
  if (keyword === 'service') throw problem('names another service, which libpq does not follow either')
  if (isKeyword(keyword) || unusedLibpqParameters.includes(keyword)) return [keyword, line.slice(equals + 1)]
  throw problem('has a keyword that is no connection parameter')
}

function noSuchService(
  service: Given,
  seen: readonly string[],
  looked: readonly string[],
  files: readonly string[],
): SlipwayError {
  const near = nearest(service.text, seen)
  const where =
    looked.length === 0 ? `there is no ${files.join(' and no ')}` : `not in ${looked.join(' or ')}`
  const name = /^[\w.-]{1,63}$/.test(service.text) ? ` ${service.text}` : ''
  return refuseGiven(
    service,
    `names the service${name}, which is not defined: ${where}`,
    near === undefined ? undefined : `did you mean ${near}?`,
  )
}
