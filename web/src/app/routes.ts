import { ADMIN_PAGES, SETTINGS_PAGES, type AdminPage, type SettingsPage } from '../lib/pages'

export type Route =
  | { name: 'setup' | 'signup' | 'reset' | 'signin' | 'forgot' | 'confirm' }
  | { name: 'analytics' | 'today' | 'inbox' | 'upcoming' | 'board' | 'calendar' | 'all' | 'done' | 'trash' | 'search' }
  | { name: 'settings'; page: SettingsPage }
  | { name: 'admin'; page: AdminPage; id: string }
  | { name: 'project' | 'label' | 'filter'; id: string }
  | { name: 'unknown' }

const PUBLIC = ['setup', 'signup', 'reset', 'signin', 'forgot', 'confirm'] as const
const NAMES = [...PUBLIC, 'analytics', 'today', 'inbox', 'upcoming', 'board', 'calendar', 'all', 'done', 'trash', 'search'] as const

/** Pages for people who are not signed in. */
export const isPublic = (route: Route): boolean => PUBLIC.some((name) => name === route.name)

/** The task that an address opens beside a page. */
export const taskIn = (address: string): string | undefined => /^\/app\/t\/([0-9a-f-]{36})\/?$/.exec(address)?.[1]

export function routeOf(path: string): Route {
  const parts = path.replace(/^\/app/, '').split('/').filter(Boolean)
  const [first = 'today', second = ''] = parts
  if (parts.length === 2 && first === 'p') return { name: 'project', id: second }
  if (parts.length === 2 && first === 'filter') return { name: 'filter', id: second }
  if (parts.length === 2 && first === 'label') return { name: 'label', id: decoded(second) }
  if (first === 'settings' && parts.length < 3) {
    const page = named(SETTINGS_PAGES, second || 'profile')
    if (page) return { name: 'settings', page }
  }
  if (first === 'admin') {
    const page = named(ADMIN_PAGES, second || 'overview')
    if (page && parts.length < (page === 'users' ? 4 : 3)) return { name: 'admin', page, id: parts[2] ?? '' }
  }
  const name = NAMES.find((known) => known === first)
  return name && parts.length < 2 ? { name } : { name: 'unknown' }
}

const named = <Name extends string>(names: readonly Name[], wanted: string): Name | undefined => names.find((name) => name === wanted)

/** A name in an address; what is not well-formed stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The code in the fragment of a link: `#token=…` or `#invitation=…`. Fragments never reach a server or its logs. */
export function codeIn(hash: string): string {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return fields.get('token') ?? fields.get('invitation') ?? ''
}
