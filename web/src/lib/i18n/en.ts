import { auth } from './en/auth'
import { calendarView } from './en/calendar-view'
import { common } from './en/common'
import { conflict } from './en/conflict'
import { cookies } from './en/cookies'
import { empty } from './en/empty'
import { errors } from './en/errors'
import { keys } from './en/keys'
import { nav } from './en/nav'
import { pick } from './en/pick'
import { quick } from './en/quick'
import { search } from './en/search'
import { secret } from './en/secret'
import { security } from './en/security'
import { status } from './en/status'
import { tasks } from './en/tasks'

/** Every word the interface shows, a file an area. Other languages are objects of the same type, loaded when asked for. */
export const en = {
  product: 'TaskManager',
  skip: 'Skip to the tasks',
  due: { today: 'Today', tomorrow: 'Tomorrow', yesterday: 'Yesterday', overdue: (day: string) => `Overdue · ${day}` },
  theme: { label: 'Theme', system: 'System', light: 'Light', dark: 'Dark' },
  auth,
  calendarView,
  common,
  conflict,
  cookies,
  empty,
  errors,
  keys,
  nav,
  pick,
  quick,
  search,
  secret,
  security,
  status,
  tasks,
}

export type Dictionary = typeof en
