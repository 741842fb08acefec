/** What manifests say to slipway is what slipway understands. */
import { wrongVariables, wrongWords } from '../../helpers/words.ts'
import { containersOf, isOurs, type JsonObject, listAt, type Manifest, podOf, textAt } from '../manifests.ts'

export function checkWords(manifest: Manifest): string[] {
  return containersOf(podOf(manifest)?.spec ?? {})
    .filter(isOurs)
    .flatMap(checkContainer)
}

function checkContainer(container: JsonObject): string[] {
  const words = Array.isArray(container.args) ? container.args.map(String) : []
  const names = listAt(container, 'env').map((entry) => textAt(entry, 'name'))
  return [...wrongWords(words), ...wrongVariables(names)].map(
    (wrong) => `${textAt(container, 'name')}: ${wrong}`,
  )
}
