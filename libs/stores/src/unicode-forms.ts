/** A name as it may be stored: macOS decomposes letters (NFD) where other systems compose them (NFC). */
export function unicodeForms(name: string): string[] {
  return [...new Set([name, name.normalize('NFC'), name.normalize('NFD')])];
}
