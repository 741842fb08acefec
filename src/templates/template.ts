/** What a template is, and what it is asked. One file each in kinds/, all of equal shape; registry.ts lists them. */
import type { SlipwayError } from '../errors.ts'
import type { ParameterName, TemplateArguments } from './parameters.ts'

export type TemplateDialect = 'postgres' | 'sqlite'

export interface Template {
  readonly name: string
  /** One line, without a full stop. */
  readonly summary: string
  /** What whoever reads docs/templates.md should know before using it. */
  readonly details: string
  readonly required: readonly ParameterName[]
  readonly optional: readonly ParameterName[]
  /** Of a whole call: messages and the page show it, and tests run it. */
  readonly example: TemplateArguments
  /** Databases on which it makes no sense in any language. */
  readonly not?: Readonly<Partial<Record<TemplateDialect, Unavailable>>>
  readonly typescript: Renderer<ScriptStep>
  readonly sql: Readonly<Record<TemplateDialect, Renderer<SqlStep>>>
}

/** Absent, a template says what to do in its stead. */
export type Renderer<Step> = ((asked: Asked) => readonly Step[]) | Unavailable

export interface Unavailable {
  readonly why: string
  readonly instead: string
}

/** A request whose arguments are known to the template, complete, and free of line breaks and control characters. */
export interface Asked {
  /** Of the file to be: `add_user_age`. */
  readonly slug: string
  /** Undefined: the text has to do for both. */
  readonly dialect: TemplateDialect | undefined
  text(name: ParameterName): string
  maybe(name: ParameterName): string | undefined
  list(name: ParameterName): readonly string[]
  has(name: ParameterName): boolean
  /** A bad-argument with this template's name before `problem`; the hint is a text, or the command with these changes. */
  refuse(problem: string, hint: string | TemplateArguments): SlipwayError
  /** Changes that put what the example has in the place of a wrong `text`, or of all that was given. */
  example(name: ParameterName, text?: string): TemplateArguments
  /** The command with other arguments, to be typed. */
  command(changes: TemplateArguments & { readonly name?: string }): string
}

interface Step {
  /** Of several files: what follows the slug, such as `1_expand`. */
  readonly suffix?: string
  /** Lines of the comment at its head. */
  readonly about: readonly string[]
}

export interface ScriptStep extends Step {
  /** The object of `export const options`. */
  readonly options?: Readonly<Record<string, boolean | readonly string[]>>
  readonly up: ScriptBody
  /** `nothing`: a down that has nothing to do. Absent: there is no way back. */
  readonly down?: ScriptBody | { readonly nothing: string }
  /** Lines of a comment below it all. */
  readonly end?: readonly string[]
}

export interface ScriptBody {
  /** What it takes from its context. */
  readonly uses: readonly string[]
  readonly lines: readonly string[]
}

export interface SqlStep extends Step {
  /** What follows `-- migrate:up`: `transaction:false`. */
  readonly words?: string
  /** Statements, without their semicolons. */
  readonly up: readonly string[]
  /** Absent: there is no way back. */
  readonly down?: readonly string[]
}
