const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Whether one text comes before another by code unit, as the server orders positions. */
export const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/**
 * A text that sorts after `low` and before `high` (empty: no bound). It only orders things until the server, which makes
 * positions of its own, has answered.
 */
export function between(low: string, high: string): string {
  let same = 0
  while (same < high.length && (low.charAt(same) || '0') === high.charAt(same)) same += 1
  if (same > 0) return high.slice(0, same) + between(low.slice(same), high.slice(same))
  const from = low ? DIGITS.indexOf(low.charAt(0)) : 0
  const to = high ? DIGITS.indexOf(high.charAt(0)) : DIGITS.length
  if (to - from > 1) return DIGITS.charAt(Math.floor((from + to) / 2))
  return high.length > 1 ? high.charAt(0) : DIGITS.charAt(from) + between(low.slice(1), '')
}
