import { i18n } from '../lib/i18n/index.svelte'
import type { IconName } from '../ui/Icon.svelte'

export interface Place {
  href: string
  label: string
  icon: IconName
  keys: string
}

/** The lists everybody has, in the order of side bar and bottom bar. */
export function places(): Place[] {
  const { nav } = i18n.t
  return [
    { href: '/app/inbox', label: nav.inbox, icon: 'inbox', keys: 'g i' },
    { href: '/app/today', label: nav.today, icon: 'today', keys: 'g t' },
    { href: '/app/upcoming', label: nav.upcoming, icon: 'forth', keys: 'g u' },
    { href: '/app/board', label: nav.view.board, icon: 'board', keys: 'g b' },
    { href: '/app/calendar', label: nav.view.calendar, icon: 'calendar', keys: 'g c' },
    { href: '/app/all', label: nav.all, icon: 'all', keys: 'g l' },
    { href: '/app/analytics', label: nav.analytics, icon: 'chart', keys: 'g a' },
    { href: '/app/done', label: nav.done, icon: 'done', keys: 'g d' },
    { href: '/app/trash', label: nav.trash, icon: 'trash', keys: 'g x' },
  ]
}

/** What belongs to the account, reached from its menu. */
export const SETTINGS = '/app/settings/profile'
export const ADMIN = '/app/admin/overview'

/** `/app/` is today. */
export const isAt = (path: string, href: string): boolean => path === href || (href === '/app/today' && /^\/app\/?$/.test(path))
