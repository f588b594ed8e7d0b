import { describe, expect, it } from 'vitest'

import { scrollToShow, visibleRows } from './window'

describe('visibleRows', () => {
  it('draws what is seen and a few more', () => {
    expect(visibleRows(5000, 36, 720, 3600, 4)).toEqual({ first: 96, end: 124 })
  })
  it('stays inside the list', () => {
    expect(visibleRows(10, 36, 720, 0)).toEqual({ first: 0, end: 10 })
    expect(visibleRows(0, 36, 720, 0)).toEqual({ first: 0, end: 0 })
    // The list became shorter than the scroll position.
    expect(visibleRows(3, 36, 720, 9000)).toEqual({ first: 3, end: 3 })
  })
})

describe('scrollToShow', () => {
  it('moves as little as possible', () => {
    expect(scrollToShow(5, 36, 360, 100)).toBe(100)
    expect(scrollToShow(1, 36, 360, 100)).toBe(36)
    expect(scrollToShow(20, 36, 360, 100)).toBe(21 * 36 - 360)
  })
})
