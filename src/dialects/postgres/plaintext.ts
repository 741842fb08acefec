/** What is said about the encryption of a connection: docs/decisions/0013-when-plaintext-is-worth-a-warning.md */
import { BlockList } from 'node:net'
import type { SessionFacts } from '../dialect.ts'
import type { Endpoint } from './endpoint.ts'
import type { Link } from './link.ts'

type Described = Pick<SessionFacts, 'encryption' | 'warnings'>

export function describeEncryption(
  { encryption, auth }: Pick<Link, 'encryption' | 'auth'>,
  { address, host, tls }: Pick<Endpoint, 'address' | 'host' | 'tls'>,
): Described {
  if (encryption !== undefined) return { encryption }
  if (address === undefined || isWithin(address, ownMachine)) return {}
  if (tls.mode === 'disable') return { encryption: 'none' }
  const who = host === address ? host : `${host} (${address})`
  if (auth.method === 'password')
    return warn(`the password went to ${who} in the clear, and so does everything else`)
  if (isWithin(address, privateNetworks)) return { encryption: 'none' }
  return warn(`the connection to ${who} is not encrypted: what it carries can be read on the way`)
}

function warn(problem: string): Described {
  const message = `${problem}; sslmode=require insists on TLS, sslmode=disable says that this is meant`
  return { encryption: 'none', warnings: [{ code: 'plaintext', message }] }
}

const ownMachine = ['127.0.0.0/8', '::1/128'] as const

/** RFC 1918 and RFC 6598; link-local and unique local addresses: compose networks, clusters, VPCs. */
const privateNetworks = [
  ...(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'] as const),
  ...(['fc00::/7', 'fe80::/10'] as const),
] as const

/** An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) counts as what it is. */
function isWithin(address: string, networks: readonly string[]): boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [base = '', bits] = network.split('/')
    list.addSubnet(base, Number(bits), familyOf(base))
  }
  const plain = address.replace(/%.*$/, '')
  return list.check(plain, familyOf(plain))
}

/** Of what is known to be an address: Node's own test for one takes 4 ms the first time. */
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
