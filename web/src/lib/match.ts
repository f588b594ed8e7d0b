/** Without accents and in lower case, so that `a` finds `Ä`. */
export const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

/**
 * How well `query` fits `text`: 0 not at all, more is better. The beginning beats the beginning of a word, that beats
 * the middle of one, and all of these beat letters that merely follow each other.
 */
export function fit(text: string, query: string): number {
  const [in_, wanted] = [plain(text), plain(query).trim()]
  if (!wanted) return 1
  const at = in_.indexOf(wanted)
  if (at === 0) return in_.length === wanted.length ? 6 : 5
  if (at > 0) return new RegExp(`[^\\p{L}\\p{N}]${escaped(wanted)}`, 'u').test(in_) ? 4 : 3
  const words = wanted.split(/\s+/)
  if (words.length > 1 && words.every((word) => in_.includes(word))) return 2
  let from = 0
  for (const letter of wanted.replace(/\s+/g, '')) {
    from = in_.indexOf(letter, from) + 1
    if (from === 0) return 0
  }
  return 1
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Those that fit, best first; equals keep their order. */
export function fitting<Item>(items: readonly Item[], query: string, text: (item: Item) => string, most = items.length): Item[] {
  if (!query.trim()) return items.slice(0, most)
  const scored = items.map((item) => ({ item, score: fit(text(item), query) })).filter(({ score }) => score > 0)
  return scored.sort((one, other) => other.score - one.score).slice(0, most).map(({ item }) => item)
}
