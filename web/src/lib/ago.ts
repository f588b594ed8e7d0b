const STEPS = [
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3_600 },
  { unit: 'minute', seconds: 60 },
] as const

/** How long ago something was, in words; beyond a month its date. */
export function ago(at: Date, now: Date, locale: string, justNow: string): string {
  const passed = Math.max(0, (now.getTime() - at.getTime()) / 1000)
  if (passed >= 30 * 86_400) return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(at)
  const step = STEPS.find(({ seconds }) => passed >= seconds)
  if (!step) return justNow
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-Math.floor(passed / step.seconds), step.unit)
}
