export interface Size {
  width: number
  height: number
}

export interface Box extends Size {
  left: number
  top: number
}

const GAP = 4
const EDGE = 8

/**
 * Where a popover of `size` goes: under its anchor, above where there is more room, always inside the window.
 * `room` is how high it may become there.
 */
export function beside(anchor: Box, size: Size, view: Size): { left: number; top: number; room: number } {
  const under = view.height - anchor.top - anchor.height - GAP - EDGE
  const over = anchor.top - GAP - EDGE
  const above = size.height > under && over > under
  const room = Math.max(0, above ? over : under)
  const height = Math.min(size.height, room)
  const top = above ? anchor.top - GAP - height : anchor.top + anchor.height + GAP
  const left = Math.max(EDGE, Math.min(anchor.left, view.width - size.width - EDGE))
  return { left, top, room }
}
