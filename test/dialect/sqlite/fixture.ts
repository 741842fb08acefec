/** Real files in temporary folders, real second processes, and attempts to try on them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import BetterSqlite3 from 'better-sqlite3'
import type {
  Attempt,
  Row,
  RunCode,
  Session,
  StepRecord,
  StepwiseAttempt,
} from '../../../src/dialects/dialect.ts'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'

export const root = join(import.meta.dirname, '../../..')

export interface Folder extends Disposable {
  readonly dir: string
  /** Of the database. */
  readonly file: string
  list(): string[]
}

export function createFolder(name = 'app.db'): Folder {
  const dir = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-sqlite-'))
  return {
    dir,
    file: join(dir, name),
    list: () => readdirSync(dir).sort(),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
}

export interface OpenOptions {
  readonly intent?: 'read' | 'write'
  readonly table?: string
  readonly schema?: string
}

export async function openSession(path: string, options: OpenOptions = {}): Promise<Session> {
  return await sqlite.connect(
    { dialect: 'sqlite', path, shown: `sqlite://${path}` },
    {
      intent: options.intent ?? 'write',
      applicationName: 'test',
      attemptTimeoutMs: 5000,
      keepaliveMs: 1000,
      history: { table: options.table ?? 'schema_migrations', schema: options.schema },
      signal: new AbortController().signal,
    },
  )
}

/** A session that may write, with its history tables. */
export async function openReady(path: string): Promise<Session> {
  const session = await openSession(path)
  await session.ensureHistory()
  return session
}

export function recordOf(name: string): StepRecord {
  return {
    name,
    checksum: `sha256-v1:${name}`,
    source: `-- ${name}`,
    breaking: false,
    appliedBy: 'tester@host',
    runnerVersion: '0.0.0',
    runId: 'run-1',
  }
}

interface Common {
  readonly ddlLockTimeoutMs?: number
  readonly signal?: AbortSignal
  readonly notices?: string[]
  readonly done?: number[]
}

function commonParts(name: string, options: Common): Omit<Attempt, 'body'> {
  return {
    record: recordOf(name),
    ddlLockTimeoutMs: options.ddlLockTimeoutMs ?? 500,
    statementTimeoutMs: 0,
    onStatement: (index) => options.done?.push(index),
    onNotice: (message) => options.notices?.push(message),
    signal: options.signal ?? new AbortController().signal,
  }
}

export async function sqlAttempt(name: string, text: string, options: Common = {}): Promise<Attempt> {
  return { ...commonParts(name, options), body: { kind: 'sql', statements: await sqlite.parse(text) } }
}

export type CodeRun = RunCode

export function codeAttempt(name: string, run: CodeRun, options: Common = {}): Attempt {
  return { ...commonParts(name, options), body: { kind: 'code', run } }
}

/** A code attempt that sends `text` as one query. */
export function rawAttempt(name: string, text: string, options: Common = {}): Attempt {
  return codeAttempt(
    name,
    async (executor) => {
      await executor.query(text, [])
    },
    options,
  )
}

export function stepwise(attempt: Attempt, resumeAt?: number): StepwiseAttempt {
  return {
    ...attempt,
    resume: resumeAt !== undefined,
    statementsDone: resumeAt ?? 0,
    failedBefore: false,
  }
}

/** Looks at the file with a connection of the test's own. */
export function query(path: string, text: string): Row[] {
  const database = new BetterSqlite3(path)
  try {
    return database.prepare<[], Row>(text).all()
  } finally {
    database.close()
  }
}

/** Sets the file up with a connection of the test's own, enforcement off. */
export function execute(path: string, text: string): void {
  const database = new BetterSqlite3(path)
  try {
    database.pragma('foreign_keys = off')
    database.exec(text)
  } finally {
    database.close()
  }
}

export async function stateOf(session: Session, name: string): Promise<string | undefined> {
  return (await session.readHistory()).rows.find((row) => row.name === name)?.state
}

export interface Peer extends AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
  /** Sends a line and waits for the next line it prints. */
  ask(line: string): Promise<string>
  kill(): Promise<void>
}

/**
 * Another process with `db` open on the file: each line it is sent runs as JavaScript there, and it answers with the
 * result as JSON, or with `error CODE`.
 */
export async function startPeer(path: string, setup = ''): Promise<Peer> {
  const code = `
    import BetterSqlite3 from 'better-sqlite3'
    import { createInterface } from 'node:readline'
    const db = new BetterSqlite3(${JSON.stringify(path)}, { timeout: 0 })
    ${setup}
    console.log('"ready"')
    for await (const line of createInterface({ input: process.stdin })) {
      try { console.log(JSON.stringify((0, eval)('(db) => (' + line + ')')(db)) ?? 'null') }
      catch (error) { console.log('error ' + (error.code ?? error.message)) }
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const line = await lines.next()
    if (line.done === true) throw new Error('the other process ended')
    return line.value
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  await next()
  return {
    child,
    pid: child.pid ?? 0,
    ask: async (line) => {
      child.stdin.write(`${line}\n`)
      return await next()
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}
