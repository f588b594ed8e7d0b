import { answered, api, session } from '../api/client'
import type { Account, Project, Task } from '../api/types'

import { inProject, type ListSpec } from './lists'
import { Overlay, type Change } from './overlay'
import { TaskList } from './task-list.svelte'

/** Everything this tab knows of the signed-in account: who, its projects, its tasks. */
class Store {
  account = $state.raw<Account>()
  projects = $state.raw<readonly Project[]>([])
  #projectsAt = 0
  readonly #overlay = new Overlay<Task>()
  readonly #lists = new Map<string, TaskList>()
  /** Rises with every change of a task: whoever reads tasks reads it too. */
  #revision = $state(0)

  get inbox(): Project | undefined {
    return this.projects.find((project) => project.is_inbox)
  }

  project(id: string): Project | undefined {
    return this.projects.find((project) => project.id === id)
  }

  /** Guests read; so do viewers and commenters of a project. The server decides, this only hides what it would refuse. */
  mayEdit(projectId: string | undefined): boolean {
    if (!this.account || this.account.role === 'guest') return false
    const role = projectId === undefined ? undefined : this.project(projectId)?.role
    return role === 'editor' || role === 'admin'
  }

  /** Who is signed in and the projects: what every page needs. */
  async open(): Promise<void> {
    const [account, projects] = await Promise.all([answered(api.GET('/me')), this.#fetchProjects()])
    this.account = account.data
    this.projects = projects
  }

  /** Fetches the projects anew unless that was done within the last `seconds`. */
  async refreshProjects(seconds = 0): Promise<void> {
    if (Date.now() - this.#projectsAt >= seconds * 1000) this.projects = await this.#fetchProjects()
  }

  /** Whether the session of now still belongs to the account this page was opened for. */
  async sameAccount(): Promise<boolean> {
    const { data } = await answered(api.GET('/me'))
    const same = !this.account || data.id === this.account.id
    if (same) this.account = data
    return same
  }

  list(spec: ListSpec): TaskList {
    let list = this.#lists.get(spec.key)
    if (!list) {
      list = new TaskList(spec, { get: this.get, take: this.take, created: () => this.#overlay.created() })
      this.#lists.set(spec.key, list)
    }
    return list
  }

  projectList(id: string): TaskList {
    return this.list(inProject(id))
  }

  readonly get = (id: string): Task | undefined => {
    return this.#revision >= 0 ? this.#overlay.get(id) : undefined
  }

  /** The task as the server last described it. */
  known(id: string): Task | undefined {
    return this.#overlay.known(id)
  }

  readonly take = (tasks: readonly Task[]): void => {
    for (const task of tasks) this.#overlay.put(task)
    this.#revision += 1
  }

  change(change: Change<Task>): void {
    this.#overlay.add(change)
    this.#changed(change.id)
  }

  settle(change: Change<Task>, answer?: Task): void {
    this.#overlay.settle(change, answer)
    this.#changed(change.id)
  }

  rollBack(change: Change<Task>): void {
    this.#overlay.drop(change)
    this.#changed(change.id)
  }

  #changed(id: string): void {
    this.#revision += 1
    const task = this.#overlay.get(id)
    if (task) for (const list of this.#lists.values()) list.place(task)
  }

  async #fetchProjects(): Promise<Project[]> {
    const all: Project[] = []
    let cursor: string | null = null
    do {
      const query: { limit: number; cursor?: string } = { limit: 200, ...(cursor === null ? {} : { cursor }) }
      const { data } = await answered(api.GET('/projects', { params: { query } }))
      all.push(...data.items)
      cursor = data.next_cursor
    } while (cursor !== null)
    this.#projectsAt = Date.now()
    return all
  }
}

export const store = new Store()
export { session }
