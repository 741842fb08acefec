/** A step as a TypeScript migration. */
import type { ScriptBody, ScriptStep } from './template.ts'
import { object, printFlat } from './typescript.ts'

export function printScript({ about, options, up, down, end = [] }: ScriptStep): string {
  const types = options === undefined ? 'Migration' : 'Migration, MigrationOptions'
  const blocks = [
    [`import type { ${types} } from 'slipway'`],
    about.map(commentLine),
    options === undefined
      ? []
      : [`export const options: MigrationOptions = ${printFlat(object({ ...options }))}`],
    direction('up', up),
    down === undefined ? [] : 'nothing' in down ? emptyDown(down.nothing) : direction('down', down),
    end.map(commentLine),
  ]
  const texts = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${texts.join('\n\n')}\n`
}

function commentLine(line: string): string {
  return `// ${line}`.trimEnd()
}

function direction(name: 'up' | 'down', { uses, lines }: ScriptBody): string[] {
  const body = lines.map((line) => (line === '' ? '' : `  ${line}`))
  return [`export const ${name}: Migration = async ({ ${uses.join(', ')} }) => {`, ...body, '}']
}

/** Without a down a migration cannot be reverted, and nor could those before it. */
function emptyDown(why: string): string[] {
  return ['export const down: Migration = () => {', `  // ${why}`, '}']
}
