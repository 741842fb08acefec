/** begin, commit and their kin in a SQL migration. */
import type { ParsedStatement } from '../sql/statement.ts'

export interface ControlFault {
  readonly code: 'transaction-control' | 'needs-no-transaction'
  readonly statement: ParsedStatement
  readonly message: string
}

export interface Unwrapped {
  readonly statements: readonly ParsedStatement[]
  readonly notices: readonly { readonly code: string; readonly message: string }[]
}

/**
 * A file wrapped whole in one `begin … commit` says what a transactional migration is anyway. A `begin` with a mode
 * of its own (isolation level, read only) stays, to be refused: dropping the mode would change what it says.
 */
export function unwrapTransaction(statements: readonly ParsedStatement[]): Unwrapped {
  const [first, last] = [statements[0], statements.at(-1)]
  const inner = statements.slice(1, -1)
  const isWrapped =
    first?.transactionControl === 'begin' &&
    last?.transactionControl === 'commit' &&
    inner.every(({ transactionControl }) => transactionControl === undefined) &&
    !/\b(?:isolation|read|deferrable)\b/i.test(first.text) &&
    !/\band\s+chain\b/i.test(last.text)
  if (!isWrapped) return { statements, notices: [] }
  const message = 'is wrapped in begin … commit; slipway does that, so the two are left out'
  return { statements: inner, notices: [{ code: 'unwrapped', message }] }
}

/** The first thing that cannot be run as the file says; undefined if all is well. */
export function findControlFault(
  statements: readonly ParsedStatement[],
  transaction: boolean,
): ControlFault | undefined {
  return transaction ? findFaultInTransaction(statements) : findFaultInGroups(statements)
}

function findFaultInTransaction(statements: readonly ParsedStatement[]): ControlFault | undefined {
  for (const statement of statements) {
    const shown = showStatement(statement)
    if (statement.transactionControl !== undefined)
      return {
        code: 'transaction-control',
        statement,
        message: `${shown} would end or split the migration's transaction`,
      }
    if (statement.transaction === 'refused')
      return {
        code: 'needs-no-transaction',
        statement,
        message: `${shown} cannot run inside a transaction`,
      }
  }
  return undefined
}

/** Without a transaction of its own a file may bring some: each begun and ended in it. */
function findFaultInGroups(statements: readonly ParsedStatement[]): ControlFault | undefined {
  let begun: ParsedStatement | undefined
  for (const statement of statements) {
    const shown = showStatement(statement)
    const fault = (message: string): ControlFault => ({ code: 'transaction-control', statement, message })
    switch (statement.transactionControl) {
      case 'begin':
        if (begun !== undefined) return fault(`${shown} comes before the transaction above it is ended`)
        begun = statement
        break
      case 'commit':
      case 'rollback':
        if (begun === undefined) return fault(`${shown} has no begin before it`)
        if (!/\band\s+chain\b/i.test(statement.text)) begun = undefined
        break
      case 'other':
      case undefined:
        if (begun !== undefined && statement.transaction === 'refused')
          return fault(`${shown} cannot run inside a transaction: move it out of begin … commit`)
    }
  }
  if (begun === undefined) return undefined
  return { code: 'transaction-control', statement: begun, message: 'begin without a commit' }
}

const longestShown = 40

function showStatement({ text }: ParsedStatement): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= longestShown ? `"${line}"` : `"${line.slice(0, longestShown)}…"`
}
