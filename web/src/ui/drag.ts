const THRESHOLD = 4
const EDGE = 48

export interface Drag {
  /** The pointer has moved far enough: it is a drag. */
  onstart?: () => void
  onmove: (x: number, y: number) => void
  ondrop: () => void
  /** After it, dropped or not. */
  onend: () => void
}

/**
 * Follows a pointer that went down on something that can be dragged. A short way is still a click; Escape cancels, and the
 * click that a drag ends with is swallowed. Touch drags only from handles, which have `touch-action: none`.
 */
export function startDrag(event: PointerEvent, { onstart, onmove, ondrop, onend }: Drag): void {
  if (event.button !== 0) return
  const from = { x: event.clientX, y: event.clientY, id: event.pointerId }
  let moving = false

  function move(next: PointerEvent) {
    if (next.pointerId !== from.id) return
    if (!moving) {
      if (Math.hypot(next.clientX - from.x, next.clientY - from.y) < THRESHOLD) return
      moving = true
      document.documentElement.classList.add('dragging')
      onstart?.()
    }
    next.preventDefault()
    onmove(next.clientX, next.clientY)
  }

  function end(dropped: boolean) {
    for (const [name, run] of listeners) window.removeEventListener(name, run, true)
    document.documentElement.classList.remove('dragging')
    if (!moving) return
    window.addEventListener('click', swallow, { capture: true, once: true })
    setTimeout(() => window.removeEventListener('click', swallow, true))
    if (dropped) ondrop()
    onend()
  }

  const listeners: [string, EventListener][] = [
    ['pointermove', (next) => move(next as PointerEvent)],
    ['pointerup', () => end(true)],
    ['pointercancel', () => end(false)],
    // Text that was selected on the way would be dragged by the browser itself the next time.
    ['selectstart', (next) => next.preventDefault()],
    ['dragstart', (next) => next.preventDefault()],
    ['keydown', (key) => {
      if ((key as KeyboardEvent).key !== 'Escape' || !moving) return
      key.preventDefault()
      key.stopPropagation()
      end(false)
    }],
  ]
  for (const [name, run] of listeners) window.addEventListener(name, run, true)
}

function swallow(event: Event): void {
  event.preventDefault()
  event.stopPropagation()
}

/** How far to scroll when a pointer comes near the edge of what scrolls; zero in the middle. */
export function edgeScroll(at: number, start: number, end: number): number {
  if (at < start + EDGE) return -Math.ceil((start + EDGE - at) / 4)
  return at > end - EDGE ? Math.ceil((at - end + EDGE) / 4) : 0
}
