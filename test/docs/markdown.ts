/** Reads what the tests need from a Markdown page. */

export interface Block {
  readonly language: string
  /** The other words of the info string: `test`, `file=migrations/x.sql`. */
  readonly words: readonly string[]
  readonly text: string
  /** 1-based, of the opening fence. */
  readonly line: number
}

/** The fenced blocks of a page, in order. */
export function readBlocks(page: string): Block[] {
  const fence = /^```(\S+)?(.*)\n([\s\S]*?)^```$/gm
  return [...page.matchAll(fence)].map(({ 1: language = '', 2: words = '', 3: text = '', index }) => ({
    language,
    words: words.split(' ').filter((word) => word !== ''),
    text,
    line: page.slice(0, index).split('\n').length,
  }))
}

/** The value of a word `name=value`. */
export function readWord(block: Block, name: string): string | undefined {
  return block.words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** Targets of links, as written; those in blocks do not count. */
export function readLinks(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/\]\(([^)\s]+)\)/g)].map(({ 1: target = '' }) => target)
}

/** What stands between backticks, outside of blocks. */
export function readCode(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(({ 1: code = '' }) => code)
}

/** Anchors of a page's headings, as GitHub makes them. */
export function readAnchors(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/^#+ (.*)$/gm)].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Cells of the rows of the table whose header is `head`; throws if there is no such table. */
export function readTable(page: string, head: readonly string[]): string[][] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.startsWith('|') && cellsOf(line).join('|') === head.join('|'))
  if (start === -1) throw new Error(`no table with the columns ${head.join(', ')}`)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end === -1 ? undefined : end).map(cellsOf)
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}

function withoutBlocks(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, '')
}
