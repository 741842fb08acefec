/** A certificate authority of the test's own, made by the `openssl` program. */
import { execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { serverUser } from './postgres-binaries.ts'

const run = promisify(execFile)

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  /** The common name. */
  readonly name: string
  /** `DNS:db.example`, `IP:127.0.0.1`; none: the common name has to do. */
  readonly alternatives?: readonly string[]
  readonly expired?: boolean
  /** Encrypts the key. */
  readonly keyPassword?: string
  /** The server's user owns the key. */
  readonly forServer?: boolean
}

export interface Authority extends Disposable {
  /** Readable by all, as a server needs it; the keys in it are not. */
  readonly dir: string
  /** The root certificate. */
  readonly root: string
  issue(request: CertificateRequest): Promise<Certificate>
  /** Revokes what was issued and returns the path of the new list; without a certificate the list is empty. */
  revoke(certificate?: Certificate): Promise<string>
}

const config = `[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 2
default_crl_days = 2
policy = anything
unique_subject = no
[anything]
commonName = supplied
`

export async function createAuthority(): Promise<Authority> {
  const dir = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-ca-'))
  chmodSync(dir, 0o755)
  writeFileSync(join(dir, 'index.txt'), '')
  writeFileSync(join(dir, 'serial'), '1000\n')
  writeFileSync(join(dir, 'config'), config)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  await openssl(
    'req',
    '-x509',
    ...ec,
    '-nodes',
    '-keyout',
    'root.key',
    '-out',
    'root.crt',
    '-subj',
    `/CN=root of ${basename(dir)}`,
  )
  const ca = ['ca', '-config', 'config', '-batch', '-notext', '-cert', 'root.crt', '-keyfile', 'root.key']
  let issued = 0
  // The folder of an authority is a small database: one at a time.
  let last: Promise<unknown> = Promise.resolve()
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
  const issue = async (request: CertificateRequest): Promise<Certificate> => {
    const name = `${++issued}`
    const files = { cert: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) }
    const extensions = request.alternatives ? `subjectAltName = ${request.alternatives.join(',')}\n` : ''
    writeFileSync(join(dir, `${name}.ext`), `basicConstraints = CA:false\n${extensions}`)
    const key = request.keyPassword === undefined ? ['-nodes'] : ['-passout', `pass:${request.keyPassword}`]
    await openssl(
      'req',
      ...ec,
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${request.name}`,
    )
    const days = request.expired ? ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'] : []
    await openssl(...ca, ...days, '-extfile', `${name}.ext`, '-in', `${name}.csr`, '-out', `${name}.crt`)
    chmodSync(files.cert, 0o644)
    chmodSync(files.key, 0o600)
    const owner = request.forServer ? serverUser() : undefined
    if (owner !== undefined) chownSync(files.key, owner.uid, owner.gid)
    return files
  }
  const revoke = async (certificate?: Certificate): Promise<string> => {
    if (certificate !== undefined) await openssl(...ca, '-revoke', certificate.cert)
    const list = join(dir, `list-${++issued}.crl`)
    await openssl(...ca, '-gencrl', '-out', list)
    return list
  }
  return {
    dir,
    root: join(dir, 'root.crt'),
    issue: (request) => queued(() => issue(request)),
    revoke: (certificate) => queued(() => revoke(certificate)),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
}
