import { edgeScroll, startDrag } from '../../ui/drag'

interface Target {
  keys: readonly string[]
  /** Drops a task before row `at`, counted without its own rows. */
  drop: (id: string, at: number) => void
}

/** Reordering a list by pointer: the line that shows where a row would land. */
export class Dropping {
  /** Where the line is drawn, in pixels of the page; undefined while nothing is dragged. */
  line = $state.raw<{ left: number; top: number; width: number; text: string; y: number }>()

  constructor(private readonly target: () => Target) {}

  readonly press = (event: PointerEvent): void => {
    const on = event.target as Element
    const row = on.closest<HTMLElement>('[role=row]')
    const id = row?.dataset.key
    // A finger scrolls; only the handle drags.
    if (!row || !id || !row.querySelector('[data-handle]') || on.closest('button, input, a') || (event.pointerType !== 'mouse' && !on.closest('[data-handle]'))) return
    const scroller = row.closest<HTMLElement>('.scroller')
    const grid = row.parentElement
    if (!scroller || !grid) return
    const height = row.offsetHeight
    const text = row.querySelector('.text')?.textContent ?? ''
    let at = -1
    startDrag(event, {
      onmove: (_, y) => {
        const box = scroller.getBoundingClientRect()
        scroller.scrollTop += edgeScroll(y, box.top, box.bottom)
        const { keys } = this.target()
        const top = grid.getBoundingClientRect().top
        at = Math.max(0, Math.min(keys.length, Math.round((y - top) / height)))
        this.line = { left: box.left + 16, width: box.width - 32, top: top + at * height, text, y }
      },
      ondrop: () => {
        const { keys, drop } = this.target()
        const from = keys.indexOf(id)
        if (at < 0 || from < 0 || at === from || at === from + 1) return
        drop(id, at)
      },
      onend: () => (this.line = undefined),
    })
  }
}
