import { distance } from 'fastest-levenshtein'

/** The candidate a mistyped word was probably meant to be; undefined if none is close. Letter case is ignored. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lowered = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const found = mistakes(lowered, candidate.toLowerCase())
    if (found < bestDistance) {
      best = candidate
      bestDistance = found
    }
  }
  return best
}

/** Two letters in the wrong order are one mistake, which Levenshtein's distance counts twice. */
function mistakes(word: string, candidate: string): number {
  const found = distance(word, candidate)
  const isSwap = found === 2 && word.length === candidate.length && sorted(word) === sorted(candidate)
  return isSwap ? 1 : found
}

function sorted(word: string): string {
  return [...word].sort().join('')
}
