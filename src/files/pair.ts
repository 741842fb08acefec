/** Which SQL files make one migration. Stems are file names without `.sql`. */

export interface SqlFiles {
  readonly name: string
  /** Stem of the single file or of the up half. */
  readonly up: string
  readonly down?: string
}

export interface Orphan {
  readonly stem: string
  readonly why: string
}

/**
 * `X.up` + `X.down`, and `X_up` + `X_down` where both are there, are the migration X; `X.up` alone too. Any other
 * stem is a migration of its own, unless it looks like the down half of a migration that is there: running that as
 * an up would be worst of all. `scripts` are the stems of the scripts beside them.
 */
export function pairSqlFiles(
  stems: readonly string[],
  scripts: readonly string[],
): { readonly migrations: readonly SqlFiles[]; readonly orphans: readonly Orphan[] } {
  const present = new Set(stems)
  let lowered: ReadonlySet<string> | undefined
  const migrations: SqlFiles[] = []
  const orphans: Orphan[] = []
  for (const stem of stems) {
    if (!endsLikeHalf(stem)) {
      migrations.push({ name: stem, up: stem })
      continue
    }
    lowered ??= new Set(stems.map((each) => each.toLowerCase()))
    const odd = whyOddLetters(stem, lowered)
    if (odd !== undefined) {
      orphans.push({ stem, why: odd })
      continue
    }
    const [, base = stem, mark = ''] = /^(.+?)([._](?:up|down))$/.exec(stem) ?? []
    const half = halfOf(mark)
    if (half === undefined) migrations.push({ name: stem, up: stem })
    else if (half.direction === 'up') {
      const down = base + half.mark.replace('up', 'down')
      if (present.has(down)) migrations.push({ name: base, up: stem, down })
      else migrations.push({ name: half.mark === '.up' ? base : stem, up: stem })
    } else if (!present.has(base + half.mark.replace('down', 'up'))) {
      const why = whyOrphan(base, half.mark, present, scripts)
      if (why === undefined) migrations.push({ name: stem, up: stem })
      else orphans.push({ stem, why })
    }
  }
  return { migrations, orphans }
}

function endsLikeHalf(stem: string): boolean {
  const end = stem.slice(-4).toLowerCase()
  return end === 'down' || end.endsWith('up')
}

/** `X.Down` is a half to whoever wrote it, and so is `X_Down` beside `X_Up`; `001_Shut_Down` alone is a slug. */
function whyOddLetters(stem: string, lowered: ReadonlySet<string>): string | undefined {
  const [, base = '', joint = '', word = ''] = /^(.+)([._])(up|down)$/i.exec(stem) ?? []
  const direction = word.toLowerCase()
  if (word === direction) return undefined
  const twin = `${base}${joint}${direction === 'up' ? 'down' : 'up'}`.toLowerCase()
  if (joint === '_' && !lowered.has(twin)) return undefined
  return `looks like half of a pair: write ${joint}${direction} in small letters`
}

function halfOf(mark: string): { readonly direction: 'up' | 'down'; readonly mark: string } | undefined {
  if (mark === '') return undefined
  return { direction: mark.endsWith('up') ? 'up' : 'down', mark }
}

/** `…_shut_down.sql` without a twin is an ordinary migration: undefined. */
function whyOrphan(
  base: string,
  mark: string,
  present: ReadonlySet<string>,
  scripts: readonly string[],
): string | undefined {
  if (present.has(base))
    return `looks like the down half of ${base}.sql: rename that to ${base}${mark.replace('down', 'up')}.sql`
  if (present.has(`${base}.up`))
    return `looks like the down half of ${base}.up.sql: rename it to ${base}.down.sql`
  if (scripts.includes(base)) return `looks like the down half of the script ${base}: export down there`
  return mark === '.down' ? `is a down half, and there is no ${base}.up.sql` : undefined
}
