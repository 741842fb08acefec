/** Engine, programs and images, for as long as some work takes. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideEngine } from './engine.ts'
import { buildImages, nameImages } from './images.ts'
import { install, providePlugins } from './tools.ts'

/**
 * `work` is given a folder for its files. TEST_IMAGE_HOME keeps engine data and images for the next time; without it
 * nothing is left.
 */
export async function withImages<T>(work: (runDir: string) => Promise<T>): Promise<T> {
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
    install(['shellcheck', 'buildah'])
    providePlugins(home)
    nameImages()
    const began = performance.now()
    buildImages(home)
    console.log(`images built in ${Math.round((performance.now() - began) / 1000)} s`)
    return await work(runDir)
  } finally {
    rmSync(kept === undefined ? home : runDir, { recursive: true, force: true })
  }
}
