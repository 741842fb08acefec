/** One host or several: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS */
import { isIP } from 'node:net'
import { type Given, type Parameters, refuseGiven } from './given.ts'
import { isSocketDirectory, type PostgresHost } from './url.ts'
import { mustEncode, type UrlContext } from './url-problem.ts'

type Place = Omit<PostgresHost, 'password'>

/** At least one. Throws bad-url or bad-setting. */
export function readHosts(parameters: Parameters, context: UrlContext): [Place, ...Place[]] {
  const host = parameters('host')
  const address = parameters('hostaddr')
  const names = split(host)
  const addresses = split(address)
  const count = Math.max(1, addresses.length || names.length)
  if (host !== undefined && address !== undefined && names.length !== count)
    throw refuseGiven(address, `has ${count} addresses in hostaddr for ${names.length} in host`)
  const ports = readPorts(parameters('port'), count)
  const places = Array.from({ length: count }, (_, index) => {
    const port = ports[index] ?? defaultPort
    const numeric = addresses[index] ? readAddress(addresses[index], address) : undefined
    const name = names[index] ? readName(names[index], host) : numeric
    if (name === undefined) return { host: context.surroundings?.findSocket(port) ?? 'localhost', port }
    return numeric === undefined || numeric === name
      ? { host: name, port }
      : { host: name, address: numeric, port }
  })
  return places as [Place, ...Place[]]
}

const defaultPort = 5432

function split(given: Given | undefined): string[] {
  return given === undefined ? [] : given.text.split(',')
}

function readName(text: string, given: Given | undefined): string {
  if (isSocketDirectory(text) || isIP(text) !== 0) return text
  if (/^\d+$/.test(text)) throw refuse(given, 'a host is only digits: write host1:5432,host2:5433')
  if (/^[\p{L}\p{N}._-]+$/u.test(text)) return text
  throw refuse(given, 'the host is not a name, an address, or the directory of a socket')
}

function readAddress(text: string, given: Given | undefined): string {
  if (isIP(text) !== 0) return text
  throw refuse(given, 'hostaddr is not an IP address')
}

/** One for all hosts, or one for each; an empty one is the usual one. */
function readPorts(given: Given | undefined, count: number): number[] {
  const texts = split(given)
  if (given !== undefined && texts.length !== 1 && texts.length !== count)
    throw refuse(given, `${texts.length} ports for ${count} hosts`)
  const ports = texts.map((text) => (text === '' ? defaultPort : readPort(text, given)))
  return Array.from({ length: count }, (_, index) => ports[ports.length === 1 ? 0 : index] ?? defaultPort)
}

function readPort(text: string, given: Given | undefined): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw refuse(given, 'the port is not a number from 1 to 65535')
}

/** In a URL a wrong host or port is most often a piece of a password. */
function refuse(given: Given | undefined, problem: string): Error {
  if (given === undefined || given.inUrl) return mustEncode(given ?? { name: 'the URL' }, problem)
  return refuseGiven(given, `cannot be used: ${problem}`)
}
