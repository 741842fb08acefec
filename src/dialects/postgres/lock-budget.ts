/** The table locks were not free within the budget. Retryable, as 55P03 is. */
export class LockBudgetSpent extends Error {
  override readonly name = 'LockBudgetSpent'
}
