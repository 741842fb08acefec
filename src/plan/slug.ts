import { SlipwayError } from '../errors.ts'

const longestSlug = 150

/** `Add user e-mail` → `add_user_e_mail`. Throws SlipwayError bad-argument. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFC')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
  const hint = 'slipway new add_user_email'
  if (slug === '')
    throw new SlipwayError('bad-argument', `no letter or digit in the name "${name}"`, { hint })
  if (Buffer.byteLength(slug) > longestSlug)
    throw new SlipwayError('bad-argument', `the name is longer than ${longestSlug} bytes`, { hint })
  return slug
}
