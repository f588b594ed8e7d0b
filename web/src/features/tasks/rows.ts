import type { Group, Heading } from '../../sync/lists'

/** What a list draws from top to bottom: headings and tasks, each one row. */
export type Row =
  | { key: string; kind: 'heading'; group: string; heading: Heading; count: number; closed: boolean }
  | { key: string; kind: 'task'; group: string; depth: number }

export type TaskLine = Extract<Row, { kind: 'task' }>

/** Flattens groups; of a closed one only the heading is drawn, and of an empty one nothing unless it is a section. */
export function rowsOf(groups: readonly Group[], isClosed: (group: string) => boolean): Row[] {
  return groups.flatMap((group): Row[] => {
    const { key, heading, lines } = group
    const closed = heading !== undefined && isClosed(key)
    const head: Row[] = heading && (lines.length > 0 || heading.kind === 'section') ? [{ key: `heading:${key}`, kind: 'heading', group: key, heading, count: lines.length, closed }] : []
    return closed ? head : [...head, ...lines.map(({ id, depth }): Row => ({ key: id, kind: 'task', group: key, depth }))]
  })
}

/** Where a task lands: in a section (null: none), under a parent (null: none), beside another one. */
export interface Landing {
  sectionId: string | null
  parentId: string | null
  after?: string
  before?: string
}

interface Known {
  section: (group: string) => string | null
  parent: (id: string) => string | null
}

/** A task's rows: itself and what lies below it. */
export function subtree(rows: readonly Row[], id: string): { start: number; end: number } {
  const start = rows.findIndex((row) => row.key === id)
  const depth = depthOf(rows[start])
  let end = start + 1
  while (end < rows.length && rows[end]?.kind === 'task' && depthOf(rows[end]) > depth) end += 1
  return { start, end: start < 0 ? -1 : end }
}

/** Row `at`, counted without the rows of a task; its own place within them. */
export function withoutSubtree(rows: readonly Row[], id: string, at: number): number {
  const { start, end } = subtree(rows, id)
  if (at <= start) return at
  return at <= end ? start : at - (end - start)
}

/** Where a task lands that is dropped before row `at`, counted without the rows of the task itself. */
export function landing(rows: readonly Row[], moving: string, at: number, known: Known): Landing | undefined {
  const { start, end } = subtree(rows, moving)
  const rest = start < 0 ? rows : [...rows.slice(0, start), ...rows.slice(end)]
  const [above, next] = [rest[at - 1], rest[at]]
  const group = above?.group ?? next?.group
  if (group === undefined) return undefined
  const sectionId = known.section(group)
  const nextHere = next?.kind === 'task' && next.group === group ? next : undefined
  if (above?.kind !== 'task') return { sectionId, parentId: null, ...(nextHere ? { before: nextHere.key } : {}) }
  if (nextHere && nextHere.depth > above.depth) return { sectionId, parentId: above.key, before: nextHere.key }
  return { sectionId, parentId: known.parent(above.key), after: above.key }
}

/** Where a task lands that goes one step up or down by the keyboard: past a neighbour with its subtasks, or past a heading. */
export function step(rows: readonly Row[], id: string, by: 1 | -1, known: Known): Landing | undefined {
  const { start, end } = subtree(rows, id)
  const me = rows[start]
  if (me?.kind !== 'task') return undefined
  const parentId = me.depth > 0 ? known.parent(id) : null
  const beside = (row: Row | undefined) => (row?.kind === 'task' && row.depth >= me.depth && row.group === me.group ? row : undefined)
  if (by === 1) {
    const next = beside(rows[end])
    if (next) return { sectionId: known.section(me.group), parentId, after: next.key }
    const heading = rows[end]
    if (me.depth > 0 || heading?.kind !== 'heading') return undefined
    const first = rows[end + 1]
    return { sectionId: known.section(heading.group), parentId: null, ...(first?.kind === 'task' ? { before: first.key } : {}) }
  }
  let above = start - 1
  while (depthOf(rows[above]) > me.depth) above -= 1
  const previous = beside(rows[above])
  if (previous) return { sectionId: known.section(me.group), parentId, before: previous.key }
  const group = rows[above - 1]?.group
  if (me.depth > 0 || rows[above]?.kind !== 'heading' || (group === undefined && rows[above]?.group === undefined)) return undefined
  const last = rows.slice(0, above).findLast((row) => row.kind === 'task' && row.depth === 0 && row.group === group)
  return { sectionId: group === undefined ? null : known.section(group), parentId: null, ...(last ? { after: last.key } : {}) }
}

const depthOf = (row: Row | undefined): number => (row?.kind === 'task' ? row.depth : -1)
