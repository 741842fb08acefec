/** Engine, programs and images, for as long as some work takes. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideEngine } from './engine.ts'
import { buildImages, nameImages } from './images.ts'
import { heedSignals, install, providePlugins } from './tools.ts'

/**
 * `work` is given a folder for its files, and a signal: when it is aborted, because somebody stops this process, it is to
 * end soon. TEST_IMAGE_HOME keeps engine data and images for the next time; without it nothing is left.
 */
export async function withImages<T>(work: (runDir: string, stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = heedSignals()
  const kept = process.env.TEST_IMAGE_HOME
  const home = kept ?? mkdtempSync(join(tmpdir(), 'slipway-image-'))
  const runDir = join(home, `run-${process.pid}`)
  mkdirSync(runDir, { recursive: true })
  // Containers' users are let in.
  for (const dir of [home, runDir]) chmodSync(dir, 0o755)
  // Compose and buildah leave files behind.
  process.env.TMPDIR = runDir
  try {
    await using _engine = await provideEngine(home)
    await install(['shellcheck', 'buildah', 'busybox'])
    await providePlugins(home)
    nameImages()
    const began = performance.now()
    await buildImages(home)
    console.log(`images built in ${Math.round((performance.now() - began) / 1000)} s`)
    const result = await work(runDir, stop)
    stop.throwIfAborted()
    return result
  } finally {
    const gone = kept === undefined ? home : runDir
    unmountBelow(gone)
    rmSync(gone, { recursive: true, force: true })
  }
}

/** What a test that did not live to do so would have unmounted. A folder with a mount in it cannot be removed. */
function unmountBelow(dir: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const below = mounts.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${dir}/`))
  // The innermost first.
  for (const path of below.reverse()) spawnSync('umount', ['--lazy', path])
}
