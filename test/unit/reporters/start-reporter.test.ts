import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunEvent } from '../../../src/events.ts'
import { startReporter } from '../../../src/reporters/reporter.ts'
import { CollectingStream } from '../../helpers/collecting-stream.ts'

const notice = (message: string): RunEvent => ({ type: 'notice', code: 'x', message })

function start() {
  const stream = new CollectingStream()
  let minute = 0
  const now = () => new Date(Date.UTC(2026, 0, 1, 12, minute))
  const reporter = startReporter({
    format: 'json',
    level: 'info',
    verb: 'up',
    stream,
    isTTY: false,
    colors: false,
    redact: (text) => text,
    now,
  })
  const lines = (): { msg: string; time: string }[] =>
    stream.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  const at = (value: number) => {
    minute = value
  }
  return { reporter, lines, at }
}

test('what happens before it is loaded is told in order, with the time at which it happened', async () => {
  const { reporter, lines, at } = start()
  for (const minute of [1, 2, 3]) {
    at(minute)
    reporter.listen(notice(`${minute}`))
  }
  at(9)
  await reporter.close()
  assert.deepEqual(
    lines().map(({ time, msg }) => [msg, time]),
    [1, 2, 3].map((minute) => [`${minute}`, `2026-01-01T12:0${minute}:00.000Z`]),
  )
})

test('once it is loaded everything is told at once', async () => {
  const { reporter, lines } = start()
  reporter.listen(notice('early'))
  await reporter.close()
  reporter.listen(notice('late'))
  assert.deepEqual(
    lines().map(({ msg }) => msg),
    ['early', 'late'],
  )
})
