export type Route =
  | { name: 'setup' | 'signup' | 'reset' | 'signin' | 'forgot' | 'confirm' }
  | { name: 'inbox' | 'all' | 'done' | 'trash' | 'security' }
  | { name: 'project'; id: string }
  | { name: 'unknown' }

const PUBLIC = ['setup', 'signup', 'reset', 'signin', 'forgot', 'confirm'] as const
const NAMES = [...PUBLIC, 'inbox', 'all', 'done', 'trash'] as const

/** Pages for people who are not signed in. */
export const isPublic = (route: Route): boolean => PUBLIC.some((name) => name === route.name)

export function routeOf(path: string): Route {
  const parts = path.replace(/^\/app/, '').split('/').filter(Boolean)
  const [first = 'inbox', second = ''] = parts
  if (parts.length === 2 && first === 'p') return { name: 'project', id: second }
  if (parts.length === 2 && first === 'settings' && second === 'security') return { name: 'security' }
  const name = NAMES.find((known) => known === first)
  return name && parts.length < 2 ? { name } : { name: 'unknown' }
}

/** The code in the fragment of a link: `#token=…` or `#invitation=…`. Fragments never reach a server or its logs. */
export function codeIn(hash: string): string {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return fields.get('token') ?? fields.get('invitation') ?? ''
}
