/** Whose an error is that was thrown where nothing awaited it, while several runs are under way in one process. */
import type { SlipwayError } from '../errors.ts'

export type StrayOwner = (error: SlipwayError) => void

let find: () => StrayOwner | undefined = () => undefined

/** `look` is asked in the asynchronous context that the error comes from. */
export function findStrayOwnersBy(look: () => StrayOwner | undefined): void {
  find = look
}

/** Undefined: it is everybody's. */
export function strayOwner(): StrayOwner | undefined {
  return find()
}
