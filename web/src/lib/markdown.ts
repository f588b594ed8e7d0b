import { Lexer, type MarkedToken, type Token } from 'marked'

export type { MarkedToken } from 'marked'

/** What Markdown says, as a tree; components draw it, so that nothing in it can become markup of the page. */
export const blocks = (source: string): MarkedToken[] => new Lexer({ gfm: true, breaks: true }).lex(source) as MarkedToken[]

/** Where a link may lead: the web and mail. Anything else, such as `javascript:`, is no link. */
export function safeHref(href: string): string | undefined {
  if (!URL.canParse(href.trim())) return undefined
  const url = new URL(href.trim())
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', hellip: '…', ndash: '–', mdash: '—', euro: '€' }

/** Character references are text here, so they are read by hand; those that are not known stay as they are. */
export function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole: string, decimal?: string, hex?: string, name?: string) => {
    const code = decimal ? Number.parseInt(decimal, 10) : hex ? Number.parseInt(hex, 16) : undefined
    if (code !== undefined) return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole
    return NAMED[name ?? ''] ?? whole
  })
}

/** Every task checkbox in the order in which it is read: whether it is ticked. */
export function checks(tokens: readonly Token[]): boolean[] {
  return tokens.flatMap((token): boolean[] => {
    const one = token as MarkedToken
    if (one.type === 'checkbox') return [one.checked]
    if (one.type === 'list') return checks(one.items)
    return 'tokens' in one ? checks(one.tokens ?? []) : []
  })
}

const BOX = /^([\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)+\[)([ xX])(\](?=\s))/gm

/**
 * The source with checkbox number `index` flipped. What looks like a checkbox may stand in code, so each candidate is tried
 * until reading the result shows that this one, and no other, has changed.
 */
export function flipped(source: string, index: number): string {
  const there = checks(blocks(source))
  if (index < 0 || index >= there.length) return source
  const wanted = there.map((checked, at) => (at === index ? !checked : checked))
  for (const match of source.matchAll(BOX)) {
    const at = match.index + (match[1]?.length ?? 0)
    const result = source.slice(0, at) + (match[2] === ' ' ? 'x' : ' ') + source.slice(at + 1)
    const now = checks(blocks(result))
    if (now.length === wanted.length && now.every((checked, position) => checked === wanted[position])) return result
  }
  return source
}

/** Puts `mark` around what is selected, or takes it away if it is there. */
export function marked(text: string, start: number, end: number, mark: string): { text: string; start: number; end: number } {
  const size = mark.length
  const inside = text.slice(start, end)
  if (text.slice(start - size, start) === mark && text.slice(end, end + size) === mark) {
    return { text: text.slice(0, start - size) + inside + text.slice(end + size), start: start - size, end: end - size }
  }
  return { text: text.slice(0, start) + mark + inside + mark + text.slice(end), start: start + size, end: end + size }
}
