/** The token, as its file has it now. */
import { readSecretFile } from '../config/secret-file.ts'
import { SlipwayError } from '../errors.ts'

const variable = 'SLIPWAY_TOKEN_FILE'

/**
 * Kubernetes writes a changed Secret into the mounted file while we run, so it is read whenever it is asked for; a file
 * that is gone, or half written, leaves the one that was known. Throws secret-unreadable, bad-setting.
 */
export function watchToken(path: string, cwd: string): () => string {
  let known = read(path, cwd)
  return () => {
    try {
      known = read(path, cwd)
    } catch {
      // The next one who asks looks again.
    }
    return known
  }
}

/** What a header can carry: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
function read(path: string, cwd: string): string {
  const token = readSecretFile({ variable, path, cwd })
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new SlipwayError(
    'bad-setting',
    `${variable} names ${path}, whose text no client could send as a token`,
    {
      hint: 'one line of ASCII letters, digits and signs, without spaces: openssl rand -base64 32',
    },
  )
}
