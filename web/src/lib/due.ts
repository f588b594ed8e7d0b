/** A due date as the server keeps it: a whole day, or a wall time with or without a zone (`at` is its instant). */
export type Due = { date: string } | { datetime: string; timezone?: string | null; at?: string | null }

export type DueTone = 'overdue' | 'today' | 'later'

export interface DueLabel {
  text: string
  tone: DueTone
}

export interface DueWords {
  today: string
  tomorrow: string
  yesterday: string
  overdue: (day: string) => string
}

const DAY = 86_400_000

/** How a due date reads in a list on the day `now` falls on, in this browser's zone. */
export function dueLabel(due: Due, now: Date, locale: string, words: DueWords): DueLabel {
  const zoned = 'datetime' in due && due.at ? new Date(due.at) : undefined
  const moment = zoned ?? localTime('date' in due ? due.date : due.datetime)
  const days = Math.round((startOfDay(moment) - startOfDay(now)) / DAY)
  const time = 'datetime' in due ? ` ${new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(moment)}` : ''
  const late = 'datetime' in due ? moment.getTime() < now.getTime() : days < 0
  const day = dayName(moment, days, now, locale, words)
  if (late) return { text: words.overdue(day + (days === 0 ? time : '')), tone: 'overdue' }
  return { text: day + time, tone: days === 0 ? 'today' : 'later' }
}

/** A day as the heading of a list: the name if it is near, always the weekday and the date. */
export function dayLabel(day: string, now: Date, locale: string, words: DueWords): string {
  const moment = localTime(day)
  const days = Math.round((startOfDay(moment) - startOfDay(now)) / DAY)
  const year = moment.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const)
  const date = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(moment)
  const name = days === 0 ? words.today : days === 1 ? words.tomorrow : ''
  return name ? `${name} · ${date}` : date
}

function dayName(moment: Date, days: number, now: Date, locale: string, words: DueWords): string {
  if (days === 0) return words.today
  if (days === 1) return words.tomorrow
  if (days === -1) return words.yesterday
  if (Math.abs(days) < 7) return new Intl.DateTimeFormat(locale, { weekday: 'short' }).format(moment)
  const sameYear = moment.getFullYear() === now.getFullYear()
  const year = sameYear ? {} : ({ year: 'numeric' } as const)
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', ...year }).format(moment)
}

/** `2026-12-01` and `2026-12-01T09:00:00` as local wall time; the bare `Date` constructor would read the first as UTC. */
function localTime(text: string): Date {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = text.split(/\D/).map(Number)
  return new Date(year, month - 1, day, hour, minute)
}

/** Midnight as if every day had 24 hours, so that a change of the clocks does not shift the count of days. */
function startOfDay(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
}
