import { codeIn, isPublic, routeOf, taskIn } from './routes'

/** What an entry of the browser's history remembers of an open task. */
interface Entry {
  /** The page that it was opened on. */
  behind?: string
  /** Whether that page is the entry before. */
  pushed?: boolean
}

const entry = (): Entry => (window.history.state ?? {}) as Entry

/** Which page is shown, and which task beside it, kept in step with the address bar. */
class Router {
  /** What the address bar says; the page is another one where a task is open. */
  address = $state(location.pathname + location.search)
  #behind = $state(entry().behind)
  /** The task that is open. */
  task = $derived(taskIn(this.address))
  /** Whether the page behind an open task is known: not where its address was opened directly. */
  placed = $derived(this.task === undefined || this.#behind !== undefined)
  readonly #page = $derived(this.task === undefined ? this.address : (this.#behind ?? '/app/today'))
  path = $derived(this.#page.split('?')[0] ?? '')
  /** Behind `?`, of the page that is shown. */
  query = $derived(new URLSearchParams(this.#page.split('?')[1] ?? ''))
  /** How a project is looked at. */
  view = $derived(this.query.get('view') ?? 'list')
  route = $derived(routeOf(this.path))
  /** The code of the link that opened this page; taken out of the address bar, where it could be read or copied later. */
  code = $state(codeIn(location.hash))

  constructor() {
    if (this.code) window.history.replaceState(null, '', location.pathname)
    window.addEventListener('popstate', () => this.#read())
    window.addEventListener('hashchange', () => {
      const code = codeIn(location.hash)
      if (!code) return
      this.code = code
      window.history.replaceState(null, '', location.pathname)
    })
    document.addEventListener('click', (event) => this.#follow(event))
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (path === this.address) return
    // Behind a task that somebody had to sign in for is what would be there without that.
    const behind = taskIn(path) === undefined || isPublic(this.route) ? undefined : this.#page
    // From one task to the next is no further step: closing leads back to the list.
    const stays = how === 'replace' || (behind !== undefined && this.task !== undefined)
    const state: Entry | null = behind === undefined ? null : { behind, pushed: stays ? (entry().pushed ?? false) : true }
    if (stays) window.history.replaceState(state, '', path)
    else window.history.pushState(state, '', path)
    this.#read()
  }

  /** Says what lies behind a task whose address was opened directly. */
  place(path: string): void {
    window.history.replaceState({ behind: path } satisfies Entry, '', this.address)
    this.#read()
  }

  /** Back to the page behind the open task. */
  close(): void {
    if (entry().pushed) window.history.back()
    else this.go(this.#page, 'replace')
  }

  #read(): void {
    this.#behind = entry().behind
    this.address = location.pathname + location.search
  }

  /** Links within the application change the page without loading it; all other clicks stay the browser's. */
  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || link.target || link.origin !== location.origin || !link.pathname.startsWith('/app/')) return
    event.preventDefault()
    this.go(link.pathname + link.search)
  }
}

export const router = new Router()
