import type { Task } from '../api/types'

/** Which tasks a list shows. The server answers the query; `holds` says the same of a task that has just changed here. */
export interface ListSpec {
  readonly key: string
  readonly query: { status?: string; project_id?: string; deleted?: true; sort: string }
  readonly holds: (task: Task) => boolean
  /** Lists are sorted by this, newest first. */
  readonly newest: (task: Task) => string
}

const OPEN: readonly Task['status'][] = ['todo', 'in_progress']
const CLOSED: readonly Task['status'][] = ['done', 'cancelled']

export const isOpen = (task: Task): boolean => OPEN.includes(task.status)

export const allOpen: ListSpec = {
  key: 'all',
  query: { status: OPEN.join(','), sort: '-created_at' },
  holds: (task) => !task.deleted_at && isOpen(task),
  newest: (task) => task.created_at,
}

export const done: ListSpec = {
  key: 'done',
  query: { status: CLOSED.join(','), sort: '-updated_at' },
  holds: (task) => !task.deleted_at && !isOpen(task),
  newest: (task) => task.updated_at,
}

export const trash: ListSpec = {
  key: 'trash',
  query: { deleted: true, sort: '-updated_at' },
  holds: (task) => Boolean(task.deleted_at),
  newest: (task) => task.updated_at,
}

export function inProject(id: string): ListSpec {
  return {
    key: `project:${id}`,
    query: { ...allOpen.query, project_id: id },
    holds: (task) => task.project_id === id && allOpen.holds(task),
    newest: allOpen.newest,
  }
}

/** Puts `task` where a list sorted newest first wants it; `get` gives the tasks behind the ids. */
export function placed(
  ids: readonly string[],
  task: Task,
  newest: (task: Task) => string,
  get: (id: string) => Task | undefined,
): readonly string[] {
  if (ids.includes(task.id)) return ids
  const at = ids.findIndex((id) => {
    const other = get(id)
    return other !== undefined && newest(other) <= newest(task)
  })
  return at < 0 ? [...ids, task.id] : ids.toSpliced(at, 0, task.id)
}
