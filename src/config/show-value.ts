/**
 * A value from a flag or a variable, quoted for a message. What could be a connection string or a token
 * is not shown: people put secrets into the wrong place.
 */
export function showValue(text: string): string {
  const plain = text.length <= 60 && !/:\/\/|@|password/i.test(text)
  return plain ? JSON.stringify(text) : '(not shown)'
}
