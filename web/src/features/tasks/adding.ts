import type { Task, TaskCreate } from '../../api/types'
import { i18n } from '../../lib/i18n/index.svelte'
import { newId } from '../../lib/ids'
import { between, byText } from '../../lib/positions'
import type { Order } from '../../sync/orders'
import { store } from '../../sync/store.svelte'
import { perform } from './actions'

/** How tasks come about: at once where it is clear what they are, else once the server has read the lines. */

/** Adds a task at the end of its project; `fields` say more than its title. */
export function add(title: string, projectId: string, fields: Partial<TaskCreate> = {}): Task {
  const { task, order } = creation(title, projectId, fields)
  perform(i18n.t.tasks.added, [order], 'quiet')
  return task
}

/** What one of several new tasks is; its parent is one of those before it, by place. */
export interface Draft {
  title: string
  projectId: string
  fields: Partial<TaskCreate>
  parent: number | null
}

/** Adds tasks as one step. */
export function addAll(drafts: readonly Draft[]): Task[] {
  const made: { task: Task; order: Order }[] = []
  for (const { title, projectId, fields, parent } of drafts) {
    const above = parent === null ? undefined : made[parent]?.task
    made.push(creation(title, projectId, above ? { ...fields, parent_id: above.id } : fields))
  }
  perform(i18n.t.quick.added(made.length), made.map(({ order }) => order))
  return made.map(({ task }) => task)
}

/** Leaves it to the server what lines mean; what they become comes with its answer. */
export function addLines(text: string, createMissing: boolean): void {
  perform(i18n.t.quick.added(1), [{ edits: [], method: 'POST', path: '/quick-add', body: { text, create_missing: createMissing } }])
}

function creation(title: string, projectId: string, fields: Partial<TaskCreate>): { task: Task; order: Order } {
  const now = new Date().toISOString()
  const mine = store.working.byProject.get(projectId) ?? []
  const last = mine.reduce((most, task) => (byText(most, task.position) < 0 ? task.position : most), '')
  const task: Task = {
    id: newId(), key: '', project_id: projectId, title, description: '', status: 'todo', priority: 0, start: null, due: null, deadline: null, recurrence: null, section_id: null, estimate_minutes: null,
    labels: [], assignee_ids: [], parent_id: null, position: between(last, ''), created_by: store.account?.id ?? null, created_at: now, updated_at: now,
    completed_at: null, deleted_at: null, version: 0, ...(fields as Partial<Task>),
  }
  const body: TaskCreate = { ...fields, id: task.id, title, project_id: projectId }
  return { task, order: { edits: [{ kind: 'task', id: task.id, create: task }], method: 'POST', path: '/tasks', body } }
}
