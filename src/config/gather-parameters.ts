/** What a URL leaves open, its service file says, and after that the PG* variables: the order of libpq. */
import type { Given, Parameters } from './given.ts'
import { type Keyword, libpqParameters } from './libpq-parameters.ts'
import { readService, type Service } from './service-file.ts'
import type { UrlContext } from './url-problem.ts'

export function gatherParameters(url: ReadonlyMap<Keyword, string>, context: UrlContext): Parameters {
  const inUrl = (keyword: Keyword): Given | undefined => {
    const text = url.get(keyword)
    return text ? { text, name: context.name, inUrl: true } : undefined
  }
  const variable = (keyword: Keyword): Given | undefined => {
    const name = libpqParameters[keyword]
    const found = name === undefined ? undefined : context.surroundings?.variable(name)
    return found === undefined ? undefined : { ...found, inUrl: false }
  }
  const service = findService((keyword) => inUrl(keyword) ?? variable(keyword), context)
  const inService = (keyword: Keyword) => {
    const given = service?.get(keyword)
    return given?.text ? given : undefined
  }
  return (keyword) =>
    inUrl(keyword) ?? inService(keyword) ?? variable(keyword) ?? requireSsl(keyword, context)
}

function findService(parameters: Parameters, { surroundings }: UrlContext): Service | undefined {
  const service = parameters('service')
  if (service === undefined || surroundings === undefined) return undefined
  return readService({ service, file: parameters('servicefile'), surroundings })
}

/** Older than PGSSLMODE, and weaker; libpq still reads it. */
function requireSsl(keyword: Keyword, { surroundings }: UrlContext): Given | undefined {
  if (keyword !== 'sslmode') return undefined
  const old = surroundings?.variable('PGREQUIRESSL')
  return old?.text.startsWith('1') ? { text: 'require', name: old.name, inUrl: false } : undefined
}
