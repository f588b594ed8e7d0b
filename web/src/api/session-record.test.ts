import { describe, expect, it } from 'vitest'

import { isDue, nextKey, readRecord, renewed, writeRecord } from './session-record'

const record = renewed('key-1', 600, 1_000_000)

describe('the key of the next refresh', () => {
  it('is new once the answer of the last one arrived', () => {
    expect(nextKey(record, false)).not.toBe('key-1')
  })
  it('is the kept one after a lost answer and for the first refresh of a page', () => {
    expect(nextKey({ ...record, answered: false }, false)).toBe('key-1')
    expect(nextKey(record, true)).toBe('key-1')
  })
})

describe('when a refresh is due', () => {
  it('lies within the last minute of a long life, spread', () => {
    const end = 1_000_000 + 600_000
    expect(isDue(record, 0, end - 30_001)).toBe(false)
    expect(isDue(record, 0, end - 30_000)).toBe(true)
    expect(isDue(record, 0.9, end - 57_000)).toBe(true)
  })
  it('scales with a short life', () => {
    const short = renewed('key', 60, 0)
    expect(isDue(short, 0.99, 60_000 - 12_000)).toBe(false)
    expect(isDue(short, 0, 60_000 - 6_000)).toBe(true)
  })
})

describe('the stored record', () => {
  it('is read as written, and a damaged one counts as none', () => {
    writeRecord(record)
    expect(readRecord()).toEqual(record)
    writeRecord({ ...record, key: 7 as unknown as string })
    expect(readRecord()).toBeUndefined()
    writeRecord(undefined)
    expect(readRecord()).toBeUndefined()
  })
})
