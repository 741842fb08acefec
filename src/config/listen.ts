/** SLIPWAY_LISTEN: the address and port of `serve`. */
import { badValue } from './setting-value.ts'
import { settings } from './settings.ts'
import type { Found } from './source.ts'

export interface ListenAddress {
  /** An IP address without brackets, or a name. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** Where only this host gets to. */
const loopback = '127.0.0.1'

/** `7300`, `0.0.0.0:7300`, `[::]:7300`, `localhost:7300`. Throws bad-setting, or bad-value for a flag. */
export function readListen(found: Found | undefined): ListenAddress {
  const text = found?.text ?? settings.listen.default
  const [, bracketed, plain, digits] =
    /^(?:\[([\da-f:.]+)\]:|([a-z\d](?:[\w.-]*[a-z\d])?):)?(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535)
    throw badValue(
      settings.listen,
      found,
      'an address and a port, such as 0.0.0.0:7300 or [::]:7300, or a port',
    )
  return { host: bracketed ?? plain ?? loopback, port }
}
