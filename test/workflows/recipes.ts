/** The pages of docs/deploy/ that these tests try. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, readBlocks, readWord } from '../docs/markdown.ts'
import { root } from './workflow.ts'

export const recipes = ['github-actions', 'cloud-run', 'ecs'] as const

export function blocksOf(recipe: (typeof recipes)[number]): Block[] {
  return readBlocks(readFileSync(join(root, 'docs/deploy', `${recipe}.md`), 'utf8'))
}

/** A block that becomes a file. */
export function fileOf(recipe: (typeof recipes)[number], name: string): string {
  const block = blocksOf(recipe).find((block) => readWord(block, 'file') === name)
  if (block === undefined) throw new Error(`${recipe}.md has no ${name}`)
  return block.text
}

/** The commands of a page that are no file. */
export function commandsOf(recipe: (typeof recipes)[number]): string[] {
  return blocksOf(recipe)
    .filter(({ language, words }) => language === 'sh' && words.includes('test'))
    .map(({ text }) => text)
}
