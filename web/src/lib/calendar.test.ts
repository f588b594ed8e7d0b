import { expect, it } from 'vitest'

import { addDays, addMonths, dayText, firstWeekday, monthWeeks, startOfWeek, today, weekday } from './calendar'

it('counts days and months over their ends', () => {
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  expect(addDays('2026-03-29', -1)).toBe('2026-03-28')
  expect(addMonths('2026-01-31', 1)).toBe('2026-02-28')
  expect(addMonths('2028-02-29', 12)).toBe('2029-02-28')
  expect(addMonths('2026-01-15', -1)).toBe('2025-12-15')
})

it('knows weeks', () => {
  expect([weekday('2026-11-23'), weekday('2026-11-29')]).toEqual([1, 7])
  expect(startOfWeek('2026-11-26', 1)).toBe('2026-11-23')
  expect(startOfWeek('2026-11-26', 7)).toBe('2026-11-22')
  const weeks = monthWeeks('2026-11-26', 1)
  expect([weeks.length, weeks[0]?.[0], weeks[5]?.[6]]).toEqual([6, '2026-10-26', '2026-12-06'])
  expect([firstWeekday('en-US'), firstWeekday('de')]).toEqual([7, 1])
})

it.each(['Pacific/Honolulu', 'Pacific/Kiritimati'])('the day of today is that of %s', (zone) => {
  const before = process.env.TZ
  process.env.TZ = zone
  expect(today(new Date('2026-11-26T12:00:00Z'))).toBe(zone.endsWith('Honolulu') ? '2026-11-26' : '2026-11-27')
  process.env.TZ = before
  expect(dayText('2026-11-26', 'en-GB', { day: 'numeric', month: 'long' })).toBe('26 November')
})
