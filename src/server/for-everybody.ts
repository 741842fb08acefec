/** An error as it may be shown to whoever can open the page, and not only to those who may read the migrations. */
import type { ErrorFields } from '../reporters/error-fields.ts'
import { maskPasswords, secretWord } from '../sql/mask-passwords.ts'

/** Lines of a file, what a program printed and what a server said of them may hold a password that no configuration knows. */
export function forEverybody(fields: ErrorFields): ErrorFields {
  const { message, excerpt, output, detail, context, reasons } = fields
  // The server repeats a word that it did not expect, and what it is about is in the lines alone.
  const told = secretWord.test(excerpt ?? '') ? message.replace(/'[^']*'/g, "'***'") : message
  return {
    ...fields,
    message: maskPasswords(told),
    excerpt: mask(excerpt),
    output: mask(output),
    detail: mask(detail),
    context: mask(context),
    reasons: reasons?.map(forEverybody),
  }
}

function mask(text: string | undefined): string | undefined {
  return text === undefined ? undefined : maskPasswords(text)
}
