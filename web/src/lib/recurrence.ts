/** The words that a rule reads in. */
export interface RuleWords {
  every: Record<Frequency, string>
  interval: Record<Frequency, (count: number) => string>
  weekdays: string
  on: (rule: string, days: string) => string
  onDay: (rule: string, day: number) => string
  lastDay: (rule: string) => string
}

type Frequency = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'
const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
const KNOWN = ['FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'BYSETPOS', 'WKST']

/** An RRULE of RFC 5545 in words; what has no words here is shown as it is written. */
export function ruleText(rrule: string, words: RuleWords, locale: string): string {
  const parts = new Map(rrule.replace(/^RRULE:/, '').split(';').map((part) => part.split('=', 2) as [string, string]))
  const frequency = parts.get('FREQ') as Frequency
  if (!(frequency in words.every) || [...parts.keys()].some((name) => !KNOWN.includes(name))) return rrule
  const count = Number(parts.get('INTERVAL') ?? 1)
  const rule = count === 1 ? words.every[frequency] : words.interval[frequency](count)
  const days = parts.get('BYDAY')?.split(',')
  const monthDays = parts.get('BYMONTHDAY')
  if (monthDays === '28,29,30,31' && parts.get('BYSETPOS') === '-1') return words.lastDay(rule)
  if (parts.has('BYSETPOS') || (days && monthDays)) return rrule
  if (monthDays) return monthDays === '-1' ? words.lastDay(rule) : /^\d+$/.test(monthDays) ? words.onDay(rule, Number(monthDays)) : rrule
  if (!days) return rule
  if (!days.every((day) => DAYS.includes(day))) return rrule
  if (frequency === 'WEEKLY' && count === 1 && days.length === 5 && DAYS.slice(0, 5).every((day) => days.includes(day))) return words.weekdays
  const name = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  // The fifth of January 1970 was a Monday.
  const names = days.map((day) => name.format(new Date(Date.UTC(1970, 0, 5 + DAYS.indexOf(day)))))
  return words.on(rule, new Intl.ListFormat(locale, { type: 'conjunction' }).format(names))
}
