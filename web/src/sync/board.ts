import type { Section, Task } from '../api/types'
import { byText } from '../lib/positions'

import { isOpen } from './lists'
import type { Working } from './working'

/** A column of a board: a section of a project (null: none), or a status. */
export interface Column {
  key: string
  target: { section: Section | null } | { status: Task['status'] }
  tasks: readonly Task[]
}

const STATUSES: readonly Task['status'][] = ['todo', 'in_progress', 'done']

/** The columns of a project: its sections where it has some, else statuses, as without a project. */
export function columns(working: Working, sections: readonly Section[], projectId: string | undefined, stays: (id: string) => boolean): Column[] {
  const tasks = [...(projectId === undefined ? working.live : (working.byProject.get(projectId) ?? []))]
    .sort((one, other) => byText(one.position, other.position) || byText(one.id, other.id))
  const mine = projectId === undefined ? [] : sections.filter((section) => section.project_id === projectId)
  if (mine.length === 0) return STATUSES.map((status) => ({ key: status, target: { status }, tasks: tasks.filter((task) => task.status === status) }))
  const known = new Set(mine.map((section) => section.id))
  const open = tasks.filter((task) => isOpen(task) || stays(task.id))
  const within = (id: string | null) => open.filter((task) => (task.section_id !== null && known.has(task.section_id) ? task.section_id : null) === id)
  return [
    { key: 'none', target: { section: null }, tasks: within(null) },
    ...mine.map((section) => ({ key: section.id, target: { section }, tasks: within(section.id) })),
  ]
}

/** The neighbours that say where a task goes that comes to place `at` of a column, not counting itself. */
export function beside(tasks: readonly Task[], moving: string, at: number): { after?: string; before?: string } {
  const others = tasks.filter((task) => task.id !== moving)
  const [above, below] = [others[at - 1], others[at]]
  if (above) return { after: above.id }
  return below ? { before: below.id } : {}
}
