/** What a statement would take away together with the rows in it, as far as its text tells. */

export type Loss =
  /** `table` is ready for SQL in the statement's own database. */
  | { readonly kind: 'table' | 'rows'; readonly table: string; readonly isUnsure?: true }
  /** `column` is as the catalogue has it. `isUnsure`: what the name means is not known before it runs. */
  | { readonly kind: 'column'; readonly table: string; readonly column: string; readonly isUnsure?: true }
  /** Every table in it. */
  | { readonly kind: 'schema'; readonly schema: string }
  /** SQLite: the table is made anew by this statement, with the columns that it names. */
  | { readonly kind: 'rebuild'; readonly table: string; readonly create: string }
  /** It may do anything: `do`, `call`, `drop … cascade` of what is no table. */
  | { readonly kind: 'opaque'; readonly what: string }
