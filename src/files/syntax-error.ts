/** Finding a syntax error that Node reports without its place. */
import { stripTypeScriptTypes } from 'node:module'
import { Script } from 'node:vm'

const opening = "(async () => {'use strict';"

/**
 * 1-based line and column of the error with this message in the text of a module, TypeScript or JavaScript. The text
 * is compiled once more as the body of a function, its imports and exports blanked out; undefined if that fails
 * otherwise, so that a wrong place is never told.
 */
export function findSyntaxError(
  text: string,
  message: string,
): { readonly line: number; readonly column: number } | undefined {
  try {
    new Script(`${opening}${blankModuleSyntax(stripTypes(text))}\n})`, { filename: 'module' })
    return undefined
  } catch (error) {
    if (!(error instanceof SyntaxError) || error.message !== message) return undefined
    const [, line, , caret] = /^module:(\d+)\n(.*)\n([ \t]*\^)/.exec(error.stack ?? '') ?? []
    if (line === undefined || caret === undefined) return undefined
    const column = line === '1' ? caret.length - opening.length : caret.length
    return column < 1 ? undefined : { line: Number(line), column }
  }
}

/**
 * Types become blanks, so places stay. Text that cannot be stripped is compiled as it is. Node warns that this
 * function is experimental, which is nothing that a failed migration should print.
 */
function stripTypes(text: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } catch {
    return text
  } finally {
    process.emitWarning = emitWarning
  }
}

function blankModuleSyntax(text: string): string {
  const blank = (match: string) => match.replace(/[^\n]/g, ' ')
  return text
    .replace(/^[ \t]*import\b[^'"(;]*['"][^'"\n]*['"]/gm, blank)
    .replace(/^[ \t]*export[ \t]+default\b/gm, (match) => 'void'.padStart(match.length))
    .replace(/^[ \t]*export\b/gm, blank)
}
