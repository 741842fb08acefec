import { isSlipwayError, type SlipwayError } from '../errors.ts'

/** Expected failures as values; everything else goes on up. */
export function attempt<T>(work: () => T): T | SlipwayError {
  try {
    return work()
  } catch (error) {
    if (isSlipwayError(error)) return error
    throw error
  }
}
