import type { Label, Project, SavedFilter, Section, Task } from '../api/types'

import type { Change } from './overlay'

/** What is kept in memory, by kind. */
export interface Kinds {
  task: Task
  project: Project
  section: Section
  label: Label
  filter: SavedFilter
}
export type Kind = keyof Kinds

/** A change of one thing of a kind. */
export type Edit = { [K in Kind]: { kind: K } & Change<Kinds[K]> }[Kind]

/** Texts that are replaced as a whole, so that one may not overwrite what was never seen here. */
export const WHOLE = ['title', 'description'] as const
export type Texts = Partial<Pick<Task, (typeof WHOLE)[number]>>

/** A write as data: what shows at once, and the request that makes it true. It can be kept and sent later. */
export interface Order {
  readonly edits: readonly Edit[]
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** What was done, for messages. */
  readonly label?: string
  /** The texts of the task as they were when they were edited: sent with If-Match, and only if they are still the same. */
  readonly seen?: Texts
  /** The key of the order that this one takes back; `path` is known once that one was answered. */
  readonly undoes?: string
}

export interface Refusal {
  status: number
  text: string
  /** With a text that was changed elsewhere: the task as it is there. */
  theirs?: Task
}

/** An order on its way. Its key is its Idempotency-Key: however often it is sent, it happens once. */
export interface Posted extends Order {
  readonly key: string
  /** When it was made: orders are sent in this order. */
  at: number
  /** Whether it may have reached the server. */
  tried: boolean
  refused?: Refusal
}

/** Whether `now` has a text that is neither what was seen nor what is wanted. */
export function collides(seen: Texts, wanted: Texts, now: Texts): boolean {
  return WHOLE.some((name) => name in seen && now[name] !== seen[name] && now[name] !== wanted[name])
}

/** What an order makes of the texts of its task. */
export function wantedTexts(order: Order): Texts {
  const edit = order.edits[0]
  return edit?.kind === 'task' ? { ...edit.fields } : {}
}

/** The edits that take these back, given how things are now. */
export function reversed(edits: readonly Edit[], get: (kind: Kind, id: string) => object | undefined): Edit[] {
  return edits.flatMap((edit): Edit[] => {
    const { kind, id } = edit
    if (edit.create) return kind === 'task' ? [{ kind, id, fields: { deleted_at: new Date().toISOString() } }] : [{ kind, id, remove: true }]
    const before = get(kind, id)
    if (!before) return []
    if (edit.remove) return [{ kind, id, create: before } as Edit]
    const names = Object.keys(edit.fields ?? {})
    return [{ kind, id, fields: Object.fromEntries(names.map((name) => [name, before[name as keyof typeof before]])) }]
  })
}
