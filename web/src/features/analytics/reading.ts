import { addDays, dateOf, type Day } from '../../lib/days'
import type { Point } from '../../ui/charts/point'

/** More columns than this are put together by weeks. */
export const MOST_COLUMNS = 92

export interface Counted { date: Day }

/** Adds days up by weeks that begin with the first day, if there are too many to be told apart. */
export function columns<Row extends Counted>(rows: readonly Row[], values: (row: Row) => number[], locale: string): Point[] {
  const size = rows.length > MOST_COLUMNS ? 7 : 1
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const points: Point[] = []
  for (let begin = 0; begin < rows.length; begin += size) {
    const part = rows.slice(begin, begin + size)
    const first = part[0]
    if (!first) break
    const sums = part.map(values).reduce((sum, one) => sum.map((value, index) => value + (one[index] ?? 0)))
    points.push({ key: first.date, label: day.format(dateOf(first.date)), values: sums })
  }
  return points
}

/** The first of so many days up to today. */
export const firstOf = (today: Day, count: number): Day => addDays(today, 1 - count)

/** The largest unit in which a time says something, and how many of it. */
export function spanOf(seconds: number): { unit: 'minutes' | 'hours' | 'days'; count: number } {
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return { unit: 'minutes', count: minutes }
  if (minutes < 48 * 60) return { unit: 'hours', count: Math.round(minutes / 60) }
  return { unit: 'days', count: Math.round(minutes / 1440) }
}
