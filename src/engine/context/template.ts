/** From a tagged template to text and values. Pure. */

/** A part of a statement that is text, not a value. */
export interface Fragment {
  readonly [fragmentBrand]: true
  /** Writes itself into the statement being built. */
  write(target: StatementBuilder): void
}

export const fragmentBrand: unique symbol = Symbol('sql fragment')

export interface StatementBuilder {
  text(part: string): void
  value(value: unknown): void
}

export interface BuiltStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

export function isFragment(value: unknown): value is Fragment {
  return typeof value === 'object' && value !== null && fragmentBrand in value
}

export function writeTemplate(
  target: StatementBuilder,
  strings: readonly string[],
  values: readonly unknown[],
): void {
  for (const [index, part] of strings.entries()) {
    target.text(part)
    if (index >= values.length) continue
    const value = values[index]
    if (isFragment(value)) value.write(target)
    else if (value === undefined) throw new TypeError('undefined cannot be bound as a value; use null')
    else target.value(value)
  }
}

/** `placeholder` is given 1-based numbers: `$1` or `?`. */
export function buildStatement(
  fragment: Pick<Fragment, 'write'>,
  placeholder: (index: number) => string,
): BuiltStatement {
  const values: unknown[] = []
  let text = ''
  fragment.write({
    text(part) {
      text += part
    },
    value(value) {
      values.push(value)
      text += placeholder(values.length)
    },
  })
  return { text, values }
}
