/** The licences of the packages whose code is in the bundle: each asks to be kept with every copy. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

interface Package {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly text: string
}

/** Asks for nothing, and so is often left out. */
const publicDomain = 'Dedicated to the public domain: https://unlicense.org'

/** `modules` are absolute paths. Throws for a package that brings no text of its licence. */
export function renderLicences(root: string, modules: readonly string[]): string {
  const folders = new Set(
    modules.filter((path) => path.includes(`${sep}node_modules${sep}`)).map(findPackage),
  )
  const packages = [...folders].map(readPackage).sort((a, b) => (a.name < b.name ? -1 : 1))
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim()
  const parts = packages.map(
    ({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text.trim()}\n`,
  )
  const head = `slipway is under this licence:\n\n${own}\n\nIts bundle holds code of these packages, each under its own:\n`
  return [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`)
}

/** The nearest folder upwards with a package.json that has a name: some packages keep nameless ones inside. */
function findPackage(path: string): string {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file) && 'name' in JSON.parse(readFileSync(file, 'utf8'))) return folder
  }
  throw new Error(`${path} belongs to no package`)
}

function readPackage(folder: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying|unlicense)/i.test(entry))
  if (file !== undefined) return { name, version, license, text: readFileSync(join(folder, file), 'utf8') }
  if (license === 'Unlicense') return { name, version, license, text: publicDomain }
  throw new Error(`${name} ${version} (${license}) brings no licence text`)
}
