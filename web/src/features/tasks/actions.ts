import { Problem, SignedOut } from '../../api/problem'
import type { BatchOperation, Task, TaskMove, TaskUpdate } from '../../api/types'
import { i18n } from '../../lib/i18n/index.svelte'
import { between, byText } from '../../lib/positions'
import { history, type Reversal } from '../../sync/history.svelte'
import { isOpen } from '../../sync/lists'
import { WHOLE, type Edit, type Order, type Posted, type Texts } from '../../sync/orders'
import { outbox } from '../../sync/outbox.svelte'
import { store } from '../../sync/store.svelte'
import { problemText } from '../../ui/problem-text'
import { toasts } from '../../ui/toasts.svelte'

/** What a user does to tasks. Each shows at once, is kept until the server has it, and can be undone. */

const BATCH = 200

export interface EditOptions {
  /** What the message says was done. */
  label?: string
  /** Without a message. */
  quiet?: boolean
  /** Title and description as they were when their editing began: what was changed elsewhere since is not overwritten. */
  seen?: Texts
}

/** Changes any fields of a task; absent fields stay. */
export function edit(task: Task, fields: TaskUpdate, { label = i18n.t.tasks.changed, quiet = false, seen }: EditOptions = {}): void {
  const texts: Texts = Object.fromEntries(WHOLE.filter((name) => name in fields).map((name) => [name, seen?.[name] ?? task[name]]))
  perform(label, [{ ...patch(task, fields), ...(Object.keys(texts).length > 0 ? { seen: texts } : {}) }], quiet ? 'quiet' : 'aloud')
}

/** `seen` is the title as it was when its editing began. */
export const rename = (task: Task, title: string, seen = task.title): void => edit(task, { title }, { label: i18n.t.tasks.renamed, seen: { title: seen } })

/** Completes an open task, opens a closed one. */
export function toggle(task: Task): void {
  const open = isOpen(task)
  perform(open ? i18n.t.tasks.completed : i18n.t.tasks.reopened, [
    { edits: [{ kind: 'task', id: task.id, fields: statusFields(open ? 'done' : 'todo') }], method: 'POST', path: `/tasks/${task.id}/${open ? 'complete' : 'reopen'}` },
  ])
}

export function moveToTrash(task: Task): void {
  perform(i18n.t.tasks.trashed, [{ edits: [goes(task), ...below(task.id).map(goes)], method: 'DELETE', path: `/tasks/${task.id}` }])
}

export function restore(task: Task): void {
  const back: Edit = { kind: 'task', id: task.id, fields: { deleted_at: null, updated_at: new Date().toISOString() } }
  perform(i18n.t.tasks.restored, [{ edits: [back], method: 'POST', path: `/tasks/${task.id}/restore` }])
}

/** Deletes a task in the trash for good: nothing brings it back. */
export function deleteForGood(task: Task): void {
  send([{ edits: [{ kind: 'task', id: task.id, remove: true }], method: 'DELETE', path: `/tasks/${task.id}?permanent=true`, label: i18n.t.tasks.purged }])
  toasts.note(i18n.t.tasks.purged)
}

/** Copies a task with its subtasks, right after it. The copy comes with the answer. */
export function duplicate(task: Task): void {
  perform(i18n.t.tasks.duplicated, [{ edits: [], method: 'POST', path: `/tasks/${task.id}/duplicate` }])
}

/** Lets a recurring task go on to its next date without being done. */
export function skip(task: Task): void {
  perform(i18n.t.tasks.skipped, [{ edits: [], method: 'POST', path: `/tasks/${task.id}/skip` }])
}

export interface Place {
  projectId?: string
  sectionId?: string | null
  parentId?: string | null
  /** Right after this task, or right before it. */
  after?: string
  before?: string
}

/** Puts a task elsewhere: into a project, a section, below a task, or at a place in the order of its project. */
export function place(task: Task, to: Place, label = i18n.t.tasks.moved): void {
  const leaving = to.projectId !== undefined && to.projectId !== task.project_id
  const body: TaskMove = {
    ...(to.projectId === undefined ? {} : { project_id: to.projectId }), ...(to.sectionId === undefined ? {} : { section_id: to.sectionId }),
    ...(to.parentId === undefined ? {} : { parent_id: to.parentId }), ...(to.after ? { after: to.after } : {}), ...(to.before ? { before: to.before } : {}),
  }
  const position = positionAt(to.projectId ?? task.project_id, to, task.id)
  const fields: Partial<Task> = {
    ...(leaving ? { project_id: to.projectId ?? task.project_id, section_id: null, parent_id: null } : {}),
    ...(to.sectionId === undefined ? {} : { section_id: to.sectionId }), ...(to.parentId === undefined ? {} : { parent_id: to.parentId }), ...(position ? { position } : {}),
  }
  const edits: Edit[] = [{ kind: 'task', id: task.id, fields }]
  if (leaving) for (const id of below(task.id).map((one) => one.id)) edits.push({ kind: 'task', id, fields: { project_id: to.projectId ?? task.project_id, section_id: null } })
  perform(label, [{ edits, method: 'POST', path: `/tasks/${task.id}/move`, body }])
}

/** What is done to several tasks at once; one undo takes all back. */
export type Deed = { op: 'complete' | 'reopen' | 'delete' | 'restore' } | { op: 'update'; fields: (task: Task) => TaskUpdate } | { op: 'move'; to: Place }

export function doToAll(tasks: readonly Task[], deed: Deed, label: string): void {
  const orders: Order[] = []
  for (let begin = 0; begin < tasks.length; begin += BATCH) {
    const some = tasks.slice(begin, begin + BATCH).map((task) => one(task, deed))
    const body = { atomic: true, operations: some.map(({ operation }) => operation) }
    orders.push({ edits: some.flatMap(({ edits }) => edits), method: 'POST', path: '/tasks/batch', body })
  }
  if (orders.length > 0) perform(label, orders)
}

export function undo(): void {
  reverse(history.undo(), i18n.t.tasks.undone, i18n.t.errors.nothingToUndo)
}

export function redo(): void {
  reverse(history.redo(), i18n.t.tasks.redone, i18n.t.errors.nothingToRedo)
}

function reverse(step: Reversal | undefined, said: (label: string) => string, nothing: string): void {
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

/** Does several things as one step that can be undone, and says so. */
export function perform(label: string, orders: readonly Order[], say: 'aloud' | 'quiet' = 'aloud'): void {
  if (say === 'aloud') toasts.note(label, { label: i18n.t.common.undo, keys: 'z', run: undo })
  send(orders, label)
}

/** What is refused is told where the task stands, and in the side bar. */
function send(orders: readonly Order[], label = orders[0]?.label ?? ''): void {
  history.perform(label, ...orders).catch((error: unknown) => {
    if (!(error instanceof SignedOut)) tell(error, orders[0]?.edits[0], label)
  })
}

function tell(error: unknown, edit: Edit | undefined, label: string): void {
  const order = edit && outbox.refusedOf(edit.id).at(-1)
  // A dialog asks which text stays.
  if (order?.refused?.theirs) return
  const title = edit?.kind === 'task' ? (edit.fields?.title ?? edit.create?.title ?? store.get(edit.id)?.title) : undefined
  const id = toasts.problem(`${i18n.t.errors.notSaved(title ?? label)} ${problemText(error)}`)
  if (order) told.set(order.key, id)
}

/** The messages about what was refused, by the key of its order. */
const told = new Map<string, number>()

/** Sends what was refused once more. */
export function retry({ key, edits, label = '' }: Posted): void {
  hush(key)
  outbox.retry(key).catch((error: unknown) => {
    if (!(error instanceof SignedOut)) tell(error, edits[0], label)
  })
}

/** Gives up what was refused. */
export function discard({ key }: Posted): void {
  hush(key)
  outbox.discard(key)
}

function hush(key: string): void {
  const id = told.get(key)
  if (id !== undefined) toasts.dismiss(id)
  told.delete(key)
}

function patch(task: Task, fields: TaskUpdate): Order {
  const done = fields.status === undefined ? {} : statusFields(fields.status)
  const moved = fields.project_id !== undefined && fields.project_id !== task.project_id ? { section_id: null, parent_id: null } : {}
  const shown = { ...done, ...moved, ...fields } as Partial<Task>
  return { edits: [{ kind: 'task', id: task.id, fields: shown }], method: 'PATCH', path: `/tasks/${task.id}`, body: fields }
}

function one(task: Task, deed: Deed): { edits: Edit[]; operation: BatchOperation } {
  const { id } = task
  if (deed.op === 'update') return { edits: [...patch(task, deed.fields(task)).edits], operation: { op: 'update', id, body: { ...deed.fields(task) } } }
  if (deed.op === 'move') {
    const { projectId, sectionId } = deed.to
    const fields = { ...(projectId === undefined ? {} : { project_id: projectId, parent_id: null }), ...(projectId === undefined && sectionId === undefined ? {} : { section_id: sectionId ?? null }) }
    return { edits: [{ kind: 'task', id, fields }], operation: { op: 'move', id, body: fields } }
  }
  if (deed.op === 'delete') return { edits: [goes(task)], operation: { op: 'delete', id } }
  const fields = deed.op === 'restore' ? { deleted_at: null } : statusFields(deed.op === 'complete' ? 'done' : 'todo')
  return { edits: [{ kind: 'task', id, fields }], operation: { op: deed.op, id } }
}

function statusFields(status: Task['status']): Partial<Task> {
  const now = new Date().toISOString()
  return { status, completed_at: status === 'done' ? now : null, updated_at: now }
}

function goes(task: Task): Edit {
  const now = new Date().toISOString()
  return { kind: 'task', id: task.id, fields: { deleted_at: now, updated_at: now } }
}

/** The subtasks of a task, at any depth. */
function below(id: string): Task[] {
  return (store.working.byParent.get(id) ?? []).flatMap((child) => [child, ...below(child.id)])
}

/** A position for now, until the server has made its own. */
function positionAt(projectId: string, to: Place, moving: string): string {
  const anchor = to.after ?? to.before
  if (!anchor) return ''
  const order = (store.working.byProject.get(projectId) ?? []).filter((task) => task.id !== moving).map((task) => task.position).sort(byText)
  const position = store.get(anchor)?.position ?? ''
  const at = order.indexOf(position)
  return to.after ? between(position, order[at + 1] ?? '') : between(order[at - 1] ?? '', position)
}
