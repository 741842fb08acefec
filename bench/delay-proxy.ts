/**
 * Run as a process of its own: `node bench/delay-proxy.ts HOST PORT DELAY_MS`. Prints the port it listens on. Whatever
 * comes in goes out again that much later, in order, however much of it there is: a longer wire, not a thinner one.
 */
import { createConnection, createServer, type Socket } from 'node:net'

const [host = '127.0.0.1', port, delay] = process.argv.slice(2)
const delayMs = Number(delay)

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = createConnection({ host, port: Number(port), noDelay: true, allowHalfOpen: true })
  carry(client, upstream)
  carry(upstream, client)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
// The benchmark ends: so does this.
process.stdin.resume().on('end', () => process.exit())

function carry(from: Socket, to: Socket): void {
  const later = delayLine()
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('close', () => later(() => to.destroy()))
  from.on('error', () => {})
}

/** Each action as late as asked, never earlier, in the order they came. */
function delayLine(): (act: () => unknown) => void {
  const waiting: { at: number; act: () => unknown }[] = []
  const work = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const early = next.at - performance.now()
      if (early > 0) return void setTimeout(work, Math.ceil(early))
      waiting.shift()
      next.act()
    }
  }
  return (act) => {
    waiting.push({ at: performance.now() + delayMs, act })
    if (waiting.length === 1) setTimeout(work, delayMs)
  }
}
