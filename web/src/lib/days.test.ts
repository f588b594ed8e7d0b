import { afterEach, describe, expect, it } from 'vitest'

import { addDays, dayOf, monthGrid, onDay, timeOf, weekOf } from './days'

const zone = process.env.TZ
afterEach(() => {
  process.env.TZ = zone
})

it('finds the day of each kind of due date, where the browser is', () => {
  process.env.TZ = 'America/New_York'
  const zoned = { datetime: '2026-11-23T01:00:00', timezone: 'Europe/Berlin', at: '2026-11-23T00:00:00Z' }
  expect([dayOf({ date: '2026-11-23' }), dayOf({ datetime: '2026-11-23T23:00:00' }), dayOf(zoned)]).toEqual(['2026-11-23', '2026-11-23', '2026-11-22'])
  expect([timeOf({ date: '2026-11-23' }), timeOf({ datetime: '2026-11-23T23:05:00' }), timeOf(zoned)]).toEqual(['', '23:05', '19:00'])
})

it('counts days across changes of the clocks, months and years', () => {
  process.env.TZ = 'Europe/Berlin'
  expect([addDays('2026-03-28', 2), addDays('2026-10-25', 1), addDays('2026-12-31', 1), addDays('2028-03-01', -1)]).toEqual([
    '2026-03-30', '2026-10-26', '2027-01-01', '2028-02-29',
  ])
})

describe('moving to another day', () => {
  it('keeps time and zone', () => {
    expect(onDay({ datetime: '2026-11-23T09:30:00', timezone: 'Europe/Berlin', at: 'x' }, '2026-12-01')).toEqual({ datetime: '2026-12-01T09:30:00', timezone: 'Europe/Berlin' })
    expect(onDay({ datetime: '2026-11-23T09:30:00' }, '2026-12-01')).toEqual({ datetime: '2026-12-01T09:30:00' })
  })
  it('makes a whole day of nothing', () => {
    expect(onDay(null, '2026-12-01')).toEqual({ date: '2026-12-01' })
  })
})

it('lays out months and weeks from the first day of the week', () => {
  const month = monthGrid('2026-11-26', 1)
  expect([month.length, month[0], month[41]]).toEqual([42, '2026-10-26', '2026-12-06'])
  expect(monthGrid('2026-11-26', 0)[0]).toBe('2026-11-01')
  expect(weekOf('2026-11-26', 1)).toEqual(['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'])
})
