import { afterEach, describe, expect, it } from 'vitest'

import { dayLabel, dueLabel, type Due } from './due'

const words = { today: 'Today', tomorrow: 'Tomorrow', yesterday: 'Yesterday', overdue: (day: string) => `Overdue · ${day}` }
const zone = process.env.TZ

afterEach(() => {
  process.env.TZ = zone
})

describe.each(['Pacific/Honolulu', 'Europe/Berlin', 'Pacific/Kiritimati'])('in %s', (name) => {
  it.each<[Due, string, string]>([
    [{ date: '2026-11-22' }, 'Today', 'today'],
    [{ date: '2026-11-23' }, 'Tomorrow', 'later'],
    [{ date: '2026-11-21' }, 'Overdue · Yesterday', 'overdue'],
    [{ date: '2026-11-20' }, 'Overdue · Fri', 'overdue'],
    [{ date: '2026-11-25' }, 'Wed', 'later'],
    [{ date: '2026-12-24' }, '24 Dec', 'later'],
    [{ date: '2027-01-02' }, '2 Jan 2027', 'later'],
    [{ datetime: '2026-11-22T14:00:00' }, 'Today 14:00', 'today'],
    [{ datetime: '2026-11-22T08:30:00' }, 'Overdue · Today 08:30', 'overdue'],
  ])('%j reads %s', (due, text, tone) => {
    process.env.TZ = name
    expect(dueLabel(due, new Date(2026, 10, 22, 10, 0), 'en-GB', words)).toEqual({ text, tone })
  })
})

it('counts days, not spans of 24 hours, across a change of the clocks', () => {
  process.env.TZ = 'Europe/Berlin'
  expect(dueLabel({ date: '2026-03-30' }, new Date(2026, 2, 29, 0, 30), 'en-GB', words).text).toBe('Tomorrow')
  expect(dueLabel({ date: '2026-10-26' }, new Date(2026, 9, 25, 23, 30), 'en-GB', words).text).toBe('Tomorrow')
})

it('uses the instant of a zoned time', () => {
  process.env.TZ = 'America/New_York'
  const due = { datetime: '2026-11-23T01:00:00', timezone: 'Europe/Berlin', at: '2026-11-23T00:00:00Z' }
  expect(dueLabel(due, new Date(2026, 10, 22, 10, 0), 'en-GB', words).text).toBe('Today 19:00')
})

it('names near days in headings, and says the year of far ones', () => {
  const now = new Date(2026, 10, 26, 10)
  const label = (day: string) => dayLabel(day, now, 'en-GB', words).replace(',', '')
  expect(label('2026-11-26')).toBe('Today · Thursday 26 November')
  expect(label('2026-11-28')).toBe('Saturday 28 November')
  expect(label('2027-01-01')).toBe('Friday 1 January 2027')
})
