import { describe, expect, it } from 'vitest'

import { addDays } from '../../lib/days'

import { columns, firstOf, spanOf } from './reading'

const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ date: addDays('2026-01-01', at), n: at }))

describe('columns', () => {
  it('has one for each day, and one for each week of a long time', () => {
    expect(columns(rows(30), (row) => [row.n], 'en-GB')).toHaveLength(30)
    const weeks = columns(rows(365), (row) => [row.n, 1], 'en-GB')
    expect(weeks).toHaveLength(53)
    expect(weeks[1]).toEqual({ key: '2026-01-08', label: '8 Jan', values: [7 + 8 + 9 + 10 + 11 + 12 + 13, 7] })
    expect(weeks[52]?.values).toEqual([364, 1])
  })
  it('has none of nothing', () => expect(columns(rows(0), (row) => [row.n], 'en')).toEqual([]))
})

it('counts days with the last one', () => {
  expect(firstOf('2026-03-01', 1)).toBe('2026-03-01')
  expect(firstOf('2026-03-01', 30)).toBe('2026-01-31')
})

it('tells a time in the unit that says something', () => {
  expect(spanOf(61)).toEqual({ unit: 'minutes', count: 1 })
  expect(spanOf(7200)).toEqual({ unit: 'hours', count: 2 })
  expect(spanOf(3 * 86_400)).toEqual({ unit: 'days', count: 3 })
})
