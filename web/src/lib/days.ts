import type { Due } from './due'

/** A calendar day as `2026-12-01`: days compare as text. */
export type Day = string

export function dayOfDate(date: Date): Day {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The day, in this browser's zone, that a due date falls on. */
export function dayOf(due: Due): Day {
  if ('date' in due) return due.date
  return due.at ? dayOfDate(new Date(due.at)) : due.datetime.slice(0, 10)
}

/** `09:00` in this browser's zone; empty for whole days. */
export function timeOf(due: Due): string {
  if ('date' in due) return ''
  if (!due.at) return due.datetime.slice(11, 16)
  const at = new Date(due.at)
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
}

/** Local midnight of a day. */
export function dateOf(day: Day): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date)
}

export function addDays(day: Day, count: number): Day {
  const date = dateOf(day)
  date.setDate(date.getDate() + count)
  return dayOfDate(date)
}

/** Puts a due date on another day: what had a time keeps it, in its zone. */
export function onDay(due: Due | null, day: Day): { date: Day } | { datetime: string; timezone?: string } {
  if (!due || 'date' in due) return { date: day }
  const datetime = `${day}${due.datetime.slice(10)}`
  return due.timezone ? { datetime, timezone: due.timezone } : { datetime }
}

/** The six weeks that a calendar shows of the month of `day`; `first` is the first day of a week, 0 being Sunday. */
export function monthGrid(day: Day, first: number): Day[] {
  const start = dateOf(`${day.slice(0, 8)}01`)
  const lead = (start.getDay() - first + 7) % 7
  const begin = addDays(dayOfDate(start), -lead)
  return Array.from({ length: 42 }, (_, at) => addDays(begin, at))
}

/** The week that `day` lies in. */
export function weekOf(day: Day, first: number): Day[] {
  const begin = addDays(day, -((dateOf(day).getDay() - first + 7) % 7))
  return Array.from({ length: 7 }, (_, at) => addDays(begin, at))
}
