/** A table over node tags instead of a ladder of ifs. */
import type { DefElem, Node } from './libpg-query.ts'

type Tag = Node extends infer One ? (One extends unknown ? keyof One : never) : never
type Content<T extends Tag> = Extract<Node, Record<T, unknown>>[T]

/** What to do with the content of a node, by its tag. */
export type NodeHandlers<Result> = { readonly [T in Tag]?: (content: Content<T>) => Result }

/** Calls the handler of the node's tag; undefined where there is none. */
export function handleNode<Result>(node: Node, handlers: NodeHandlers<Result>): Result | undefined {
  for (const [tag, content] of Object.entries(node)) {
    const handler = Object.hasOwn(handlers, tag) ? handlers[tag as Tag] : undefined
    // Tag and content come from one entry, which the types cannot follow.
    if (handler !== undefined) return (handler as (content: unknown) => Result)(content)
  }
  return undefined
}

/** The value of a boolean option in a list of DefElem nodes, read as the server reads it; undefined when it is not there. */
export function booleanOption(options: readonly Node[] | undefined, name: string): boolean | undefined {
  const option = definitions(options).find(({ defname }) => defname === name)
  return option === undefined ? undefined : isTrue(option.arg)
}

/** The DefElem nodes of a list, such as `with (…)` or the options of vacuum. */
export function definitions(options: readonly Node[] | undefined): readonly DefElem[] {
  return (options ?? []).flatMap((option) => ('DefElem' in option ? [option.DefElem] : []))
}

/** `defGetBoolean`: a bare name is true, as are 1, true and on. */
function isTrue(value: Node | undefined): boolean {
  if (value === undefined) return true
  if ('Integer' in value) return (value.Integer.ival ?? 0) !== 0
  if ('Boolean' in value) return value.Boolean.boolval ?? false
  if ('String' in value) return /^(?:true|on)$/i.test(value.String.sval ?? '')
  return false
}
