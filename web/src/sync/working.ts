import type { Task } from '../api/types'
import { dayOf, type Day } from '../lib/days'

/** The tasks in memory that are not in the trash, found by what lists ask for. */
export interface Working {
  readonly live: readonly Task[]
  readonly byProject: ReadonlyMap<string, readonly Task[]>
  readonly byParent: ReadonlyMap<string, readonly Task[]>
  /** Under the names as compared, see `nameKey`. */
  readonly byLabel: ReadonlyMap<string, readonly Task[]>
  readonly byDay: ReadonlyMap<Day, readonly Task[]>
  readonly trashed: readonly Task[]
}

/** Names of labels are the same however they are written. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase()

/** One pass over all tasks; those of projects that are gone are left out. */
export function working(tasks: Iterable<Task>, hasProject: (id: string) => boolean): Working {
  const live: Task[] = []
  const trashed: Task[] = []
  const byProject = new Map<string, Task[]>()
  const byParent = new Map<string, Task[]>()
  const byLabel = new Map<string, Task[]>()
  const byDay = new Map<Day, Task[]>()
  for (const task of tasks) {
    if (task.deleted_at) {
      trashed.push(task)
      continue
    }
    if (!hasProject(task.project_id)) continue
    live.push(task)
    put(byProject, task.project_id, task)
    if (task.parent_id) put(byParent, task.parent_id, task)
    for (const label of task.labels) put(byLabel, nameKey(label), task)
    if (task.due) put(byDay, dayOf(task.due), task)
  }
  return { live, trashed, byProject, byParent, byLabel, byDay }
}

function put<Key>(map: Map<Key, Task[]>, key: Key, task: Task): void {
  const there = map.get(key)
  if (there) there.push(task)
  else map.set(key, [task])
}
