/** Calendar days as `YYYY-MM-DD`, counted without any time zone. */

const at = (day: string): Date => new Date(`${day}T00:00:00Z`)
const iso = (date: Date): string => date.toISOString().slice(0, 10)

/** The day it is for the reader. */
export function today(now = new Date()): string {
  return iso(new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())))
}

export function addDays(day: string, count: number): string {
  const date = at(day)
  date.setUTCDate(date.getUTCDate() + count)
  return iso(date)
}

/** The same day of another month, or the last one of it where it is shorter. */
export function addMonths(day: string, count: number): string {
  const date = at(day)
  const wanted = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + count)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(wanted, last))
  return iso(date)
}

/** 1 for Monday to 7 for Sunday. */
export const weekday = (day: string): number => at(day).getUTCDay() || 7

/** The first day of the week that `day` is in. */
export const startOfWeek = (day: string, first: number): string => addDays(day, -((weekday(day) - first + 7) % 7))

/** Six weeks that hold the month of `day`, each of seven days; weeks begin with `first`. */
export function monthWeeks(day: string, first: number): string[][] {
  const start = startOfWeek(`${day.slice(0, 8)}01`, first)
  return Array.from({ length: 6 }, (_, week) => Array.from({ length: 7 }, (_, at) => addDays(start, week * 7 + at)))
}

/** With what the week begins where the reader lives; Monday where the browser does not say. */
export function firstWeekday(locale: string): number {
  const info = new Intl.Locale(locale) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } }
  return (info.getWeekInfo?.() ?? info.weekInfo)?.firstDay ?? 1
}

/** Writes a day as the reader does. */
export function dayText(day: string, locale: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }).format(at(day))
}
