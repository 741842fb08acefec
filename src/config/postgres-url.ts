/** Puts together what a URL, a service file, the PG* variables and the password file say. */
import { join } from 'node:path'
import { gatherParameters } from './gather-parameters.ts'
import { type Parameters, resolveGiven } from './given.ts'
import { readPasswordFile } from './password-file.ts'
import { readBehaviour } from './postgres-behaviour.ts'
import { readHosts } from './postgres-hosts.ts'
import { readTls } from './postgres-tls.ts'
import { checkDemands } from './unmet-demands.ts'
import { describeHost, isSocketDirectory, type PostgresHost, type PostgresUrl } from './url.ts'
import type { UrlParameters } from './url-parameters.ts'
import { badUrl, type ParsedUrl, type UrlContext, type Warning } from './url-problem.ts'

/** Throws bad-url or bad-setting. */
export function buildPostgresUrl(given: UrlParameters, context: UrlContext): ParsedUrl {
  const parameters = gatherParameters(given.libpq, context)
  const user = parameters('user')?.text ?? context.osUser()
  if (user === undefined)
    throw badUrl(context, `names no user, and uid ${process.getuid?.() ?? ''} has no name here`)
  const database = parameters('dbname')?.text ?? user
  const places = readHosts(parameters, context)
  const tls = readTls(parameters, context)
  const behaviour = readBehaviour(parameters)
  const demands = checkDemands(parameters, places)
  const { hosts, warnings } = addPasswords(places, { parameters, user, database }, context)
  const { schema, pooled } = given
  const url = { dialect: 'postgres', hosts, user, database, tls, schema, pooled, ...behaviour } as const
  return {
    url: { ...url, shown: describe(url) },
    warnings: [...given.warnings, ...demands, ...warnings],
    secrets: [...hosts.map(({ password }) => password), tls.keyPassword].filter((text) => text !== undefined),
  }
}

interface Login {
  readonly parameters: Parameters
  readonly user: string
  readonly database: string
}

type Places = ReturnType<typeof readHosts>

/** A password that is given counts for all hosts; the password file may have one for each. */
function addPasswords(
  places: Places,
  { parameters, user, database }: Login,
  context: UrlContext,
): { hosts: PostgresUrl['hosts']; warnings: readonly Warning[] } {
  const given = parameters('password')?.text
  const withPassword = (find: (place: Places[number]) => string | undefined) =>
    places.map((place): PostgresHost => ({ ...place, password: find(place) })) as [
      PostgresHost,
      ...PostgresHost[],
    ]
  if (given !== undefined) return { hosts: withPassword(() => given), warnings: [] }
  const file = openPasswordFile(parameters, context)
  if (file === undefined) return { hosts: withPassword(() => undefined), warnings: [] }
  const hosts = withPassword(({ host, port }) => file.find({ host, port, database, user }))
  return { hosts, warnings: file.warnings }
}

function openPasswordFile(parameters: Parameters, context: UrlContext) {
  const given = parameters('passfile')
  if (given !== undefined) return readPasswordFile(resolveGiven(given, context), given.name)
  const home = context.surroundings?.home
  return home === undefined ? undefined : readPasswordFile(join(home, '.pgpass'), undefined)
}

/** A socket's directory goes where libpq takes it: into the host parameter. */
function describe({ hosts, user, database }: Omit<PostgresUrl, 'shown'>): string {
  const login = encodeURIComponent(user)
  const path = encodeURIComponent(database)
  if (hosts.some(({ host }) => isSocketDirectory(host))) {
    const ports = hosts.map(({ port }) => port).join(',')
    const query = `host=${hosts.map(({ host }) => host).join(',')}${/^5432(,5432)*$/.test(ports) ? '' : `&port=${ports}`}`
    return `postgres://${login}@/${path}?${query}`
  }
  return `postgres://${login}@${hosts.map(describeHost).join(',')}/${path}`
}
