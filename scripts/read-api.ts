/** What src/index.ts exports, with its docstrings: read from the sources by the parser that the bundler brings. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'rolldown/utils'

export interface ApiMember {
  readonly name: string
  /** As in the source: `(options?: UpOptions) => Promise<RunResult>`, `string | undefined`. */
  readonly type: string
  readonly isOptional: boolean
  readonly doc: string
}

export interface ApiEntry {
  readonly name: string
  readonly kind: 'function' | 'interface' | 'class' | 'type'
  readonly doc: string
  /** The declaration without docstring and body; of an interface or a class only its head. */
  readonly text: string
  readonly members: readonly ApiMember[]
}

type Program = ReturnType<typeof parseSync>['program']
type Statement = Program['body'][number]

interface Source {
  readonly path: string
  readonly text: string
  readonly body: readonly Statement[]
}

/** Every export, in no particular order. Throws for one that has no docstring or that cannot be found. */
export function readApi(root: string): ApiEntry[] {
  const index = readSource(join(root, 'src/index.ts'))
  return index.body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration') return []
    if (statement.source === null) return readDeclared(index, statement)
    const source = readSource(join(dirname(index.path), statement.source.value))
    return statement.specifiers.map(({ local }) => findEntry(source, nameOf(local)))
  })
}

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  return { path, text, body: program.body }
}

function findEntry(source: Source, name: string): ApiEntry {
  const entries = source.body.flatMap((statement) =>
    statement.type === 'ExportNamedDeclaration' ? readDeclared(source, statement) : [],
  )
  const found = entries.find((entry) => entry.name === name)
  if (found === undefined) throw new Error(`${source.path} exports no ${name}`)
  return found
}

function readDeclared(
  source: Source,
  statement: Extract<Statement, { type: 'ExportNamedDeclaration' }>,
): ApiEntry[] {
  const { declaration } = statement
  if (declaration === null) return []
  const doc = docBefore(source, statement.start)
  const textOf = (end: number) => source.text.slice(declaration.start, end).trim()
  switch (declaration.type) {
    case 'TSInterfaceDeclaration': {
      const { id, body } = declaration
      const members = body.body.flatMap((member) => readMember(source, member))
      return [{ name: id.name, kind: 'interface', doc, text: textOf(body.start), members }]
    }
    case 'ClassDeclaration': {
      const { id, body } = declaration
      const members = body.body.flatMap((member) => readMember(source, member))
      return [{ name: id?.name ?? '', kind: 'class', doc, text: textOf(body.start), members }]
    }
    case 'TSTypeAliasDeclaration':
      return [{ name: declaration.id.name, kind: 'type', doc, text: textOf(declaration.end), members: [] }]
    case 'FunctionDeclaration': {
      const { id, body } = declaration
      const text = textOf(body?.start ?? declaration.end)
      return [{ name: id?.name ?? '', kind: 'function', doc, text, members: [] }]
    }
    default:
      return []
  }
}

/** Both kinds of members have these; a constructor and what is computed are left out. */
interface Member {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly key?: { readonly type: string; readonly name?: string }
  readonly optional?: boolean
  readonly typeAnnotation?: {
    readonly typeAnnotation: { readonly start: number; readonly end: number }
  } | null
  readonly params?: readonly { readonly start: number; readonly end: number }[]
  readonly returnType?: { readonly typeAnnotation: { readonly start: number; readonly end: number } } | null
}

function readMember(source: Source, given: object): ApiMember[] {
  const member = given as Member
  // A property whose type is inferred from its value says nothing new: `name` of an error class.
  if (member.type === 'PropertyDefinition' && !member.typeAnnotation) return []
  const name = member.type === 'TSCallSignatureDeclaration' ? '(call)' : member.key?.name
  if (
    name === undefined ||
    !/^(?:TSPropertySignature|TSMethodSignature|TSCallSignatureDeclaration|PropertyDefinition)$/.test(
      member.type,
    )
  )
    return []
  const slice = (node: { readonly start: number; readonly end: number } | undefined) =>
    node === undefined ? 'unknown' : source.text.slice(node.start, node.end).replace(/\s+/g, ' ')
  const type =
    member.returnType !== undefined
      ? `(${(member.params ?? []).map(slice).join(', ')}) => ${slice(member.returnType?.typeAnnotation)}`
      : slice(member.typeAnnotation?.typeAnnotation)
  return [{ name, type, isOptional: member.optional === true, doc: docBefore(source, member.start) }]
}

/** The text of the docstring that ends where the declaration begins; empty without one. */
function docBefore({ text }: Source, start: number): string {
  const before = text.slice(0, start).trimEnd()
  if (!before.endsWith('*/')) return ''
  const comment = before.slice(before.lastIndexOf('/*'))
  if (!comment.startsWith('/**')) return ''
  return comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

function nameOf(node: { readonly type: string; readonly name?: string }): string {
  return node.name ?? ''
}
