/** The statements of a non-transactional SQL migration in units: each is done or not done, and resumes whole. */
import type { ParsedStatement } from '../../sql/statement.ts'

/**
 * `single`: runs together with its progress in one transaction. `alone`: SQLite refuses or ignores it in a transaction,
 * so its progress is written after it. `group`: from the file's own begin to its commit or rollback.
 */
export interface Unit {
  readonly kind: 'single' | 'alone' | 'group'
  /** 0-based number of its first statement in the file. */
  readonly first: number
  readonly statements: readonly ParsedStatement[]
}

export function formUnits(statements: readonly ParsedStatement[]): Unit[] {
  const units: Unit[] = []
  for (let first = 0; first < statements.length; ) {
    const rest = statements.slice(first)
    const unit = { kind: kindOf(statements[first]), first, statements: rest.slice(0, lengthOf(rest)) }
    units.push(unit)
    first += unit.statements.length
  }
  return units
}

/** What it does lasts as long as the connection. */
export function isConnectionState({ text }: ParsedStatement): boolean {
  return /^(?:pragma|attach|detach)\b/i.test(text)
}

function kindOf(statement: ParsedStatement | undefined): Unit['kind'] {
  if (statement === undefined) return 'alone'
  if (statement.transactionControl === 'begin') return 'group'
  const apart = statement.transactionControl !== undefined || statement.transaction !== 'any'
  return apart || isConnectionState(statement) ? 'alone' : 'single'
}

function lengthOf(statements: readonly ParsedStatement[]): number {
  if (statements[0]?.transactionControl !== 'begin') return 1
  const end = statements.findIndex(
    ({ transactionControl }) => transactionControl === 'commit' || transactionControl === 'rollback',
  )
  return end === -1 ? statements.length : end + 1
}
