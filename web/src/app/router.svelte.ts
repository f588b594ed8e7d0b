import { codeIn, routeOf } from './routes'

/** Which page is shown, kept in step with the address bar. */
class Router {
  path = $state(location.pathname)
  search = $state(location.search)
  /** How a project is looked at. */
  view = $derived(new URLSearchParams(this.search).get('view') ?? 'list')
  route = $derived(routeOf(this.path))
  /** The code of the link that opened this page; taken out of the address bar, where it could be read or copied later. */
  code = $state(codeIn(location.hash))

  constructor() {
    if (this.code) window.history.replaceState(null, '', location.pathname)
    window.addEventListener('popstate', () => {
      this.path = location.pathname
      this.search = location.search
    })
    window.addEventListener('hashchange', () => {
      const code = codeIn(location.hash)
      if (!code) return
      this.code = code
      window.history.replaceState(null, '', location.pathname)
    })
    document.addEventListener('click', (event) => this.#follow(event))
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (path === this.path + this.search) return
    if (how === 'push') window.history.pushState(null, '', path)
    else window.history.replaceState(null, '', path)
    this.path = location.pathname
    this.search = location.search
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
