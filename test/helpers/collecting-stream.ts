/** A real Writable that keeps what it was given. */
import { Writable } from 'node:stream'

export class CollectingStream extends Writable {
  readonly chunks: string[] = []
  readonly columns: number

  constructor(options: { readonly columns?: number } = {}) {
    super({ decodeStrings: false })
    this.columns = options.columns ?? 80
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.chunks.push(String(chunk))
    done()
  }

  get text(): string {
    return this.chunks.join('')
  }
}
