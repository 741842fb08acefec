/** SLIPWAY_ECHO: every statement that migrations send, as an event. */
import { type Executor, StatementError } from '../dialects/dialect.ts'
import type { Listener } from '../events.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { maskPasswords } from '../sql/mask-passwords.ts'

export interface Echo {
  /** A statement of a SQL migration, `index` from 0, was answered. */
  done(migration: LoadedMigration, index: number, durationMs: number): void
  /** What an attempt ended with; it may name a statement. */
  failed(migration: LoadedMigration, thrown: unknown): void
  /** What long work is about to send. */
  said(name: string, text: string): void
  /**
   * The same executor, overheard. Values are bound and never told. A migration's own is asked for once when it begins;
   * `operations` is one of its operations, which look around before they change something; `frame` what the runner
   * sends around one, which is told only.
   */
  overhear(executor: Executor, name: string, part?: 'operations' | 'frame'): Executor
  /** An operation begins; the answer says that all it has sent is undone. */
  attempt?(name: string): () => void
}

/** Data in a statement may be as long as it likes; a log line may not. */
const maxLength = 10_000

export function createEcho(emit: Listener): Echo {
  const tell = (name: string, text: string, facts: { durationMs?: number; failed: boolean }) =>
    emit({ type: 'statement-echo', name, text: shorten(maskPasswords(text.trim())), ...facts })
  const textOf = ({ body }: LoadedMigration, index: number) =>
    body.kind === 'sql' ? body.statements[index]?.text : undefined
  return {
    done(migration, index, durationMs) {
      const text = textOf(migration, index)
      if (text !== undefined) tell(migration.file.name, text, { durationMs, failed: false })
    },
    failed(migration, thrown) {
      const text = thrown instanceof StatementError ? textOf(migration, thrown.index) : undefined
      if (text !== undefined) tell(migration.file.name, text, { failed: true })
    },
    said: (name, text) => tell(name, text, { failed: false }),
    overhear: (executor, name) => ({
      async query(text, values) {
        const began = performance.now()
        let failed = true
        try {
          const rows = await executor.query(text, values)
          failed = false
          return rows
        } finally {
          tell(name, text, { durationMs: performance.now() - began, failed })
        }
      },
    }),
  }
}

function shorten(text: string): string {
  if (text.length <= maxLength) return text
  return `${text.slice(0, maxLength)}… (${text.length - maxLength} more characters)`
}
