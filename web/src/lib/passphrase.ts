const CONSONANTS = 'bdfghjklmnprstvz'
const VOWELS = 'aeiou'
const GROUPS = 4
const SYLLABLES = 3

/**
 * A password that can be read out and typed: four groups of three syllables, such as `bafuze-minolo-karevi-tuposa`.
 * Twelve times one of 80 syllables: 75 bits.
 */
export function passphrase(): string {
  const group = () => Array.from({ length: SYLLABLES }, () => pick(CONSONANTS) + pick(VOWELS)).join('')
  return Array.from({ length: GROUPS }, group).join('-')
}

/** Each letter equally likely: numbers beyond the last whole multiple are drawn again. */
function pick(letters: string): string {
  const limit = 256 - (256 % letters.length)
  for (;;) {
    const [byte = limit] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < limit) return letters.charAt(byte % letters.length)
  }
}
