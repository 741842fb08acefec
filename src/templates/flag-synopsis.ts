import { flagOfParameter, type ParameterName, parameterSpec } from './parameters.ts'

/** `--table TABLE`, `--timestamps`, `--column COLUMN …`. */
export function flagSynopsisOf(name: ParameterName): string {
  const { kind, placeholder = '' } = parameterSpec(name)
  const flag = `--${flagOfParameter(name)}`
  if (kind === 'boolean') return flag
  return `${flag} ${placeholder}${kind === 'list' ? ' …' : ''}`
}
