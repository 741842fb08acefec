/** Help, made from the tables of verbs and settings alone. */
import { flagsOf } from './flags.ts'
import { type Setting, variablesOf } from './setting.ts'
import { settingNames, settingOf, settingsOf } from './settings.ts'
import { type Verb, type VerbFlag, verbNames, verbSpec } from './verbs.ts'
import { wrapText } from './wrap-text.ts'

const width = 96

/** Text for stdout, with a newline at its end: of one verb, or of slipway as a whole. */
export function renderHelp(topic: Verb | undefined): string {
  const sections = topic === undefined ? overallSections() : verbSections(topic)
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** `--dir DIR`, `--allow-empty`: how a flag is written. */
export function flagSynopsis({ flag, type }: Setting | VerbFlag): string {
  const value = placeholderOf(type)
  return value === undefined ? `--${flag}` : `--${flag} ${value}`
}

/** What help and docs say of a setting's default; undefined if it has none. */
export function shownDefault(setting: Setting): string | undefined {
  return setting.defaultShown ?? setting.default
}

/** `slipway new NAME [flags]` */
export function usageOf(verb: Verb): string {
  const { arguments: words = '' } = verbSpec(verb)
  const flags = flagsOf(verb).size === 0 ? '' : '[flags]'
  const parts = words.startsWith('--') ? [flags, words] : [words, flags]
  return ['slipway', verb, ...parts].filter((part) => part !== '').join(' ')
}

function overallSections(): string[][] {
  const settings = settingNames.map(settingOf)
  return [
    ['Migrates the database before the app starts.'],
    ['Usage: slipway VERB [flags]'],
    ['Verbs:', ...verbNames.flatMap((verb) => entry(verb, verbSpec(verb).summary, 10))],
    [
      'Settings, as a flag or a variable (a flag wins over the environment, that over .env files):',
      ...settings.flatMap(settingEntry),
    ],
    [
      ...paragraph(
        'Every SLIPWAY_ variable, and DATABASE_URL, has a twin NAME_FILE that names a file to read it from.',
      ),
      ...paragraph('A TIME is 500ms, 30s, 5m, 1h or 0.'),
    ],
    ['More on a verb: slipway VERB --help'],
  ]
}

function verbSections(verb: Verb): string[][] {
  const spec = verbSpec(verb)
  const settings = settingsOf(verb)
  const own = spec.flags.flatMap(flagEntry)
  return [
    wrapText(`slipway ${verb}: ${spec.summary}.`, width),
    [`Usage: ${usageOf(verb)}`],
    wrapText(spec.details, width),
    ...(own.length === 0 ? [] : [['Flags:', ...own]]),
    ...(settings.length === 0 ? [] : [['Settings:', ...settings.flatMap(settingEntry)]]),
    ['Examples:', ...spec.examples.map((example) => `  ${example}`)],
  ]
}

function flagEntry(flag: VerbFlag): string[] {
  const fallback = flag.default === undefined ? '' : ` Default ${flag.default}.`
  return entry(`${flagSynopsis(flag)}${flag.repeated === true ? ' …' : ''}`, `${flag.doc}${fallback}`, 28)
}

function settingEntry(setting: Setting): string[] {
  const fallback = shownDefault(setting)
  const origin = `${variablesOf(setting).join(', then ')}; ${fallback === undefined ? 'no default' : `default ${fallback}`}`
  return [...entry(flagSynopsis(setting), setting.doc, 28), ...entry('', origin, 28)]
}

/** Two columns; a term too wide for the first one gets a line of its own. */
function entry(term: string, text: string, column: number): string[] {
  const lines = wrapText(text, width - column - 2)
  const head = `  ${term}`.padEnd(column + 2)
  const pad = ' '.repeat(column + 2)
  const fits = term.length < column
  const rest = (fits ? lines.slice(1) : lines).map((line) => `${pad}${line}`)
  return [fits ? `${head}${lines[0] ?? ''}` : head.trimEnd(), ...rest]
}

function paragraph(text: string): string[] {
  return wrapText(text, width)
}

function placeholderOf(type: Setting['type'] | VerbFlag['type']): string | undefined {
  switch (type.kind) {
    case 'boolean':
      return undefined
    case 'duration':
      return 'TIME'
    case 'choice':
      return type.values.join('|')
    default:
      return type.placeholder
  }
}
