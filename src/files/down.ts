/** The other direction of a loaded migration. */
import { SlipwayError } from '../errors.ts'
import type { LoadedMigration } from './loaded.ts'
import { describeFault } from './sql-file.ts'
import { findControlFault, unwrapTransaction } from './transaction-control.ts'

/**
 * The migration as something that runs its down: its body, its options, its half of a pair. Undefined where it has none.
 * Throws transaction-control and needs-no-transaction (66), as an up with such statements does.
 */
export function asDown(migration: LoadedMigration): LoadedMigration | undefined {
  const { down, file } = migration
  if (down === undefined) return undefined
  const half = { ...file, up: file.down ?? file.up }
  const rest = { file: half, options: down.options, hasDown: true, direction: 'down' as const }
  if (down.body.kind === 'code') return { ...rest, body: down.body, notices: [] }
  const { transaction } = down.options
  const { statements, notices } = transaction
    ? unwrapTransaction(down.body.statements)
    : { statements: down.body.statements, notices: [] }
  const fault = findControlFault(statements, transaction)
  if (fault !== undefined) throw withHint(describeFault(half, fault))
  // `begin; commit;` and nothing in between.
  if (statements.length === 0) return undefined
  return {
    ...rest,
    body: { kind: 'sql', statements },
    notices: notices.map((notice) => ({ ...notice, message: `${file.name} ${notice.message}` })),
  }
}

function withHint(error: SlipwayError): SlipwayError {
  if (error.code !== 'needs-no-transaction') return error
  return new SlipwayError(error.code, error.message, {
    ...error.facts,
    hint: 'mark that section: -- migrate:down transaction:false',
  })
}
