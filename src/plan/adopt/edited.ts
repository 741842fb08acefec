/** Whether a file is still the text that its tool applied. Pure. */
import { crc32 } from 'node:zlib'
import type { ForeignFile, LedgerEntry } from './ledger.ts'
import type { ForeignTool } from './names.ts'

/** False also where the tool keeps no checksum, or one of what it made of the text. */
export function isEdited(
  tool: ForeignTool,
  entry: LedgerEntry | undefined,
  file: ForeignFile | undefined,
): boolean {
  const known = entry?.fingerprint
  if (known === undefined || file === undefined || file.kind === 'script' || file.kind === 'other')
    return false
  switch (tool) {
    case 'prisma':
    case 'drizzle':
      return /^[0-9a-f]{64}$/.test(known) && known !== file.sha256
    case 'flyway':
      return isAnother(known, file.original ?? file.text)
    default:
      return false
  }
}

function isAnother(known: string, text: string): boolean {
  return !text.includes('${') && known !== flywayChecksum(text)
}

/** CRC-32 over the lines without their ends, as a signed number: ChecksumCalculator of Flyway's sources. */
export function flywayChecksum(text: string): string {
  return String(crc32(text.replaceAll('\n', '')) | 0)
}
