import type { Task, TaskUpdate } from '../../api/types'
import { onDay } from '../../lib/days'
import { i18n } from '../../lib/i18n/index.svelte'
import { doToAll, edit } from './actions'

/** The fields that keys and the bar of selected tasks set, through one dialog. */
export type Field = 'due' | 'project' | 'labels' | 'status' | 'assignee' | 'priority'

/** Sets fields of one task or of many, as one step. */
export function setAll(tasks: readonly Task[], fields: (task: Task) => TaskUpdate, label = i18n.t.tasks.changed): void {
  const [task] = tasks
  if (task && tasks.length === 1) edit(task, fields(task), { label })
  else doToAll(tasks, { op: 'update', fields }, i18n.t.tasks.manyChanged(tasks.length))
}

/** Puts tasks on a day; what has a time keeps it. Null takes the date away. */
export function setDue(tasks: readonly Task[], day: string | null): void {
  setAll(tasks, (task) => ({ due: day === null ? null : onDay(task.due, day) }), i18n.t.tasks.dueSet)
}
