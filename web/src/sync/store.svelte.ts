import { answered, api, session } from '../api/client'
import type { Account, Bootstrap, Changes, Label, Member, Project, SavedFilter, Section, Task } from '../api/types'
import { byText } from '../lib/positions'

import { Collection } from './collection.svelte'
import type { Snapshot } from './disk'
import type { ListSpec } from './lists'
import type { Edit, Kind, Kinds } from './orders'
import { Paged } from './paged.svelte'
import { nameKey, working } from './working'

/** Everything this tab knows of the signed-in account: who, its projects, its tasks. Lists are derived from it. */
class Store {
  account = $state.raw<Account>()
  /** Where `GET /changes` goes on. */
  sequence = ''
  /** Whether there is something to show. */
  ready = $state(false)

  readonly tables: { readonly [K in Kind]: Collection<Kinds[K]> } = {
    task: new Collection<Task>(),
    project: new Collection<Project>(),
    section: new Collection<Section>(),
    label: new Collection<Label>(),
    filter: new Collection<SavedFilter>(),
  }

  readonly projects = $derived(this.tables.project.all)
  /** In the order of their projects. */
  readonly sections = $derived(this.tables.section.all.toSorted((one, other) => byText(one.position, other.position) || byText(one.id, other.id)))
  readonly labels = $derived(this.tables.label.all.toSorted((one, other) => one.name.localeCompare(other.name)))
  readonly filters = $derived(this.tables.filter.all.toSorted((one, other) => one.name.localeCompare(other.name)))
  readonly inbox = $derived(this.projects.find((project) => project.is_inbox))
  readonly working = $derived(working(this.tables.task.all, (id) => this.tables.project.shown.has(id)))

  readonly #members = new Map<string, { at: number; list: readonly Member[] }>()
  #membersRevision = $state(0)
  readonly #pages = new Map<string, Paged>()
  readonly #listeners = new Set<(page: Changes) => void>()
  /** Tasks that went while this page was open: an older answer does not bring them back. */
  readonly #gone = new Set<string>()

  readonly get = (id: string): Task | undefined => this.tables.task.get(id)

  /** The task as the server last described it. */
  known(id: string): Task | undefined {
    return this.tables.task.known(id)
  }

  project(id: string): Project | undefined {
    return this.tables.project.get(id)
  }

  label(name: string): Label | undefined {
    const key = nameKey(name)
    return this.labels.find((label) => nameKey(label.name) === key)
  }

  /** The sections of a project in their order. */
  sectionsOf(projectId: string): Section[] {
    return this.sections.filter((section) => section.project_id === projectId)
  }

  /** Who may see a project; empty until the answer comes. Fetched when asked for, anew after a minute. */
  members(projectId: string): readonly Member[] {
    const known = this.#membersRevision >= 0 ? this.#members.get(projectId) : undefined
    if (!known || Date.now() - known.at > 60_000) void this.#fetchMembers(projectId, known?.list ?? [])
    return known?.list ?? []
  }

  /** Guests read; so do viewers and commenters of a project. The server decides, this only hides what it would refuse. */
  mayEdit(projectId: string | undefined): boolean {
    if (!this.account || this.account.role === 'guest') return false
    const role = projectId === undefined ? undefined : this.project(projectId)?.role
    return role === 'editor' || role === 'admin'
  }

  /** Fetches all that is needed, in place of what is here. */
  async bootstrap(): Promise<void> {
    const { data } = await answered(api.GET('/bootstrap'))
    this.fill(data)
    if (!data.complete) void this.#fetchRest().catch(() => undefined)
  }

  fill(data: Bootstrap): void {
    const { tables } = this
    this.account = data.account ?? undefined
    tables.project.reset(data.projects)
    tables.section.reset(data.sections)
    tables.label.reset(data.labels)
    tables.filter.reset(data.filters)
    tables.task.reset(data.tasks)
    this.#gone.clear()
    this.sequence = data.sequence
    this.ready = true
  }

  /** Begins with what was kept on disk. */
  restore({ account, sequence, things }: Snapshot): void {
    const { tables } = this
    this.account = account
    tables.project.load(things.project)
    tables.section.load(things.section)
    tables.label.load(things.label)
    tables.filter.load(things.filter)
    tables.task.load(things.task)
    this.sequence = sequence
    this.ready = true
  }

  /** Takes in a page of what changed since `sequence`: first what is to be forgotten, then things as they are now. */
  apply(page: Changes): void {
    const { tables } = this
    for (const { kind, id, reason } of page.deletions) {
      if (kind === 'task') this.#taskGone(id, reason)
      else if (kind === 'project') this.#projectGone(id)
      else if (kind !== 'comment') tables[kind].forget([id])
    }
    const { upserts } = page
    if (upserts.account) this.account = upserts.account
    tables.project.take(upserts.projects)
    tables.section.take(upserts.sections)
    tables.label.take(upserts.labels)
    tables.filter.take(upserts.filters)
    for (const task of upserts.tasks) this.#gone.delete(task.id)
    tables.task.take(upserts.tasks)
    this.sequence = page.sequence
    for (const listener of this.#listeners) listener(page)
  }

  /** Hears of every page of changes, with the comments and relations that are not kept here. Gives back how to stop. */
  listen(listener: (page: Changes) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes in tasks that an answer brought. */
  readonly take = (tasks: readonly Task[]): void => {
    this.tables.task.take(tasks.filter((task) => task.deleted_at !== null || !this.#gone.has(task.id)))
  }

  /** Whether the session of now still belongs to the account this page was opened for. */
  async sameAccount(): Promise<boolean> {
    const { data } = await answered(api.GET('/me'))
    const same = !this.account || data.id === this.account.id
    if (same) this.account = data
    return same
  }

  /** What the server has of a list beyond memory. */
  paged(spec: ListSpec): Paged | undefined {
    if (!spec.query) return undefined
    const paged = this.#pages.get(spec.key) ?? new Paged(spec.query, this.take)
    this.#pages.set(spec.key, paged)
    return paged
  }

  show(edits: readonly Edit[]): void {
    for (const edit of edits) this.#collection(edit.kind).change(edit)
  }

  hide(edits: readonly Edit[]): void {
    for (const edit of edits) this.#collection(edit.kind).rollBack(edit)
  }

  /** The server did it; `items` are those things of its answer that are known by id. */
  settle(edits: readonly Edit[], items: ReadonlyMap<string, Kinds[Kind]>): void {
    for (const edit of edits) this.#collection(edit.kind).settle(edit, items.get(edit.id))
  }

  /** Any kind, for edits that say which: the compiler cannot follow that both belong together. */
  #collection(kind: Kind): Collection<Kinds[Kind]> {
    return this.tables[kind]
  }

  #taskGone(id: string, reason: Changes['deletions'][number]['reason']): void {
    const { task } = this.tables
    const known = task.known(id)
    this.#gone.add(id)
    if (reason === 'trashed' && known) task.take([{ ...known, deleted_at: known.deleted_at ?? new Date().toISOString() }])
    else task.forget([id])
  }

  #projectGone(id: string): void {
    const { task, section, project } = this.tables
    const inside = task.all.filter((one) => one.project_id === id).map((one) => one.id)
    for (const one of inside) this.#gone.add(one)
    task.forget(inside)
    section.forget(section.all.filter((one) => one.project_id === id).map((one) => one.id))
    project.forget([id])
  }

  /** Open tasks beyond what fits into the first answer. */
  async #fetchRest(): Promise<void> {
    let cursor: string | null = null
    do {
      const query: { status: string; limit: number; cursor?: string } = { status: 'todo,in_progress', limit: 200, ...(cursor === null ? {} : { cursor }) }
      const { data } = await answered(api.GET('/tasks', { params: { query } }))
      this.take(data.items)
      cursor = data.next_cursor
    } while (cursor !== null)
  }

  async #fetchMembers(projectId: string, meanwhile: readonly Member[]): Promise<void> {
    this.#members.set(projectId, { at: Date.now(), list: meanwhile })
    try {
      const { data } = await answered(api.GET('/projects/{project_id}/members', { params: { path: { project_id: projectId }, query: { limit: 200 } } }))
      this.#members.set(projectId, { at: Date.now(), list: data.items })
      this.#membersRevision += 1
    } catch {
      // Asked again in a minute.
    }
  }
}

export const store = new Store()
export { session }
