export interface Window {
  /** First row to draw. */
  first: number
  /** One past the last row to draw. */
  end: number
}

/** Which of `count` rows of equal `height` to draw for a view of `viewport` pixels scrolled by `top`. */
export function visibleRows(count: number, height: number, viewport: number, top: number, spare = 8): Window {
  const first = Math.max(0, Math.min(Math.floor(top / height) - spare, count))
  const end = Math.min(count, Math.ceil((top + viewport) / height) + spare)
  return { first, end: Math.max(first, end) }
}

/** Where to scroll so that row `index` is wholly visible, moving as little as possible. */
export function scrollToShow(index: number, height: number, viewport: number, top: number): number {
  const start = index * height
  if (start < top) return start
  return start + height > top + viewport ? start + height - viewport : top
}
