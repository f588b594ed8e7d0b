import { api } from '../../api/client'
import { Problem, SignedOut } from '../../api/problem'
import type { Task } from '../../api/types'
import { i18n } from '../../lib/i18n/index.svelte'
import { newId } from '../../lib/ids'
import { history } from '../../sync/history.svelte'
import { isOpen } from '../../sync/lists'
import type { Order } from '../../sync/outbox.svelte'
import { store } from '../../sync/store.svelte'
import { problemText } from '../../ui/problem-text'
import { toasts } from '../../ui/toasts.svelte'

/** What a user does to tasks. Each shows at once; the server's refusal takes it back and says why. */

export function add(title: string, projectId: string): Task {
  const now = new Date().toISOString()
  const task: Task = {
    id: newId(), key: '', project_id: projectId, title, description: '', status: 'todo', priority: 0, start: null, due: null, deadline: null, recurrence: null, section_id: null, estimate_minutes: null,
    labels: [], assignee_ids: [], parent_id: null, position: '', created_by: store.account?.id ?? null, created_at: now, updated_at: now,
    completed_at: null, deleted_at: null, version: 0,
  }
  const body = { id: task.id, title, project_id: projectId }
  perform(
    i18n.t.tasks.added, task,
    { change: { id: task.id, create: task }, send: (headers) => api.POST('/tasks', { body, headers }) },
    { deleted_at: now }, { deleted_at: null }, 'quiet',
  )
  return task
}

/** Completes an open task, opens a closed one. */
export function toggle(task: Task): void {
  const now = new Date().toISOString()
  const open = isOpen(task)
  const params = { path: { task_id: task.id } }
  change(
    open ? i18n.t.tasks.completed : i18n.t.tasks.reopened, task,
    open ? { status: 'done', completed_at: now, updated_at: now } : { status: 'todo', completed_at: null, updated_at: now },
    (headers) => api.POST(open ? '/tasks/{task_id}/complete' : '/tasks/{task_id}/reopen', { params, headers }),
  )
}

export function rename(task: Task, title: string): void {
  const params = { path: { task_id: task.id } }
  change(i18n.t.tasks.renamed, task, { title }, (headers) =>
    // A title is replaced as a whole: it may not overwrite one that was never seen here.
    api.PATCH('/tasks/{task_id}', { params, headers: { ...headers, ...ifMatch(task.id) }, body: { title } }))
}

export function moveToTrash(task: Task): void {
  const now = new Date().toISOString()
  const params = { path: { task_id: task.id } }
  change(i18n.t.tasks.trashed, task, { deleted_at: now, updated_at: now }, (headers) => api.DELETE('/tasks/{task_id}', { params, headers }))
}

export function restore(task: Task): void {
  const params = { path: { task_id: task.id } }
  change(i18n.t.tasks.restored, task, { deleted_at: null, updated_at: new Date().toISOString() }, (headers) =>
    api.POST('/tasks/{task_id}/restore', { params, headers }))
}

export function undo(): void {
  reverse(history.undo(), i18n.t.tasks.undone, i18n.t.errors.nothingToUndo)
}

export function redo(): void {
  reverse(history.redo(), i18n.t.tasks.redone, i18n.t.errors.nothingToRedo)
}

function reverse(step: ReturnType<typeof history.undo>, said: (label: string) => string, nothing: string): void {
  if (!step) {
    toasts.note(nothing)
    return
  }
  toasts.note(said(step.label))
  step.finished.catch((error: unknown) => {
    if (error instanceof SignedOut) return
    toasts.problem(error instanceof Problem && [404, 409, 412].includes(error.status) ? i18n.t.errors.cannotUndo : problemText(error))
  })
}

function change(label: string, task: Task, fields: Partial<Task>, send: Order['send']): void {
  const before = Object.fromEntries(Object.keys(fields).map((name) => [name, task[name as keyof Task]])) as Partial<Task>
  perform(label, task, { change: { id: task.id, fields }, send }, before, fields)
}

function perform(
  label: string, task: Task, order: Order, before: Partial<Task>, after: Partial<Task>, say: 'aloud' | 'quiet' = 'aloud',
): void {
  if (say === 'aloud') toasts.note(label, { label: i18n.t.common.undo, keys: 'z', run: undo })
  history.perform(label, order, before, after).catch((error: unknown) => {
    if (error instanceof SignedOut) return
    const again = () => perform(label, task, order, before, after, say)
    const title = after.title ?? task.title
    toasts.problem(`${i18n.t.errors.notSaved(title)} ${problemText(error)}`, { label: i18n.t.common.retry, run: again })
  })
}

function ifMatch(id: string): { 'If-Match'?: string } {
  const version = store.known(id)?.version
  return version === undefined ? {} : { 'If-Match': `"${version}"` }
}
