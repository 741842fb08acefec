/**
 * The package that only these tests have: `npm ci --prefix test/workflows` first. What is used of it is typed here, so
 * that the rest of the repository can be checked without it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const file = join(import.meta.dirname, 'node_modules/yaml/dist/index.js')
if (!existsSync(file)) throw new Error('first: npm ci --prefix test/workflows')

interface YamlModule {
  /** YAML 1.2, in which `on` is a string; anchors are followed. Throws for what is malformed. */
  parse(text: string): unknown
}

export const yaml = (await import(pathToFileURL(file).href)) as YamlModule
