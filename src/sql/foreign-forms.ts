/** Other tools' ways to divide a SQL file, in slipway's. Pure. */

export type Converted =
  | { readonly kind: 'converted'; readonly text: string }
  /** Why it cannot be said in slipway's form. */
  | { readonly kind: 'obstacle'; readonly why: string }

const gooseLine = /^--[ \t]*\+goose[ \t]+(.+?)[ \t]*$/i

/**
 * goose: `-- +goose Up`, `Down`, `NO TRANSACTION`, and `StatementBegin` and `StatementEnd`, which nobody needs who reads
 * SQL as the database does. Undefined for a file without such lines.
 */
export function convertGoose(text: string): Converted | undefined {
  const lines = text.split('\n')
  const words = lines.map((line) => gooseLine.exec(line)?.[1]?.toLowerCase())
  if (words.every((word) => word === undefined)) return undefined
  const option = words.includes('no transaction') ? ' transaction:false' : ''
  const known = [
    'up',
    'down',
    'no transaction',
    'statementbegin',
    'statementend',
    'envsub off',
    'envsubst off',
  ]
  const odd = words.find((word) => word !== undefined && !known.includes(word))
  if (odd !== undefined)
    return {
      kind: 'obstacle',
      why: /^envsub/.test(odd)
        ? 'goose puts environment variables into it'
        : `-- +goose ${odd} means nothing here`,
    }
  if (!words.includes('up')) return { kind: 'obstacle', why: 'it has no -- +goose Up' }
  const converted = lines.flatMap((line, index) => {
    const word = words[index]
    if (word === undefined) return [line]
    return word === 'up' || word === 'down' ? [`-- migrate:${word}${option}`] : []
  })
  return { kind: 'converted', text: converted.join('\n') }
}

/** node-pg-migrate: `-- Up Migration` and `-- Down Migration`, whichever comes first. Undefined for a file without them. */
export function convertNodePgMigrate(text: string): Converted | undefined {
  const up = findSection(text, 'up')
  const down = findSection(text, 'down')
  if (up === undefined && down === undefined) return undefined
  if (up === undefined)
    return {
      kind: 'obstacle',
      why: 'it has no -- Up Migration, so that node-pg-migrate runs its way down as well',
    }
  const upText = text.slice(up.end, down !== undefined && down.start > up.start ? down.start : undefined)
  if (down === undefined) return { kind: 'converted', text: `-- migrate:up\n${upText}` }
  const downText = text.slice(down.end, up.start > down.start ? up.start : undefined)
  return { kind: 'converted', text: `-- migrate:up\n${upText.trimEnd()}\n\n-- migrate:down\n${downText}` }
}

function findSection(text: string, direction: 'up' | 'down'): { start: number; end: number } | undefined {
  const match = new RegExp(`^[ \\t]*--[ \\t-]*${direction}[ \\t]+migration.*(?:\\n|$)`, 'im').exec(text)
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length }
}
