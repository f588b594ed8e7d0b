import { describe, expect, it } from 'vitest'

import { beside } from './beside'

const view = { width: 400, height: 600 }
const anchor = { left: 100, top: 100, width: 80, height: 20 }

describe('a popover', () => {
  it('goes under its anchor', () => {
    expect(beside(anchor, { width: 200, height: 300 }, view)).toEqual({ left: 100, top: 124, room: 468 })
  })
  it('goes above where that has more room, and ends at the anchor', () => {
    expect(beside({ ...anchor, top: 500 }, { width: 200, height: 300 }, view)).toEqual({ left: 100, top: 196, room: 488 })
  })
  it('stays inside the window', () => {
    expect(beside({ ...anchor, left: 380 }, { width: 200, height: 300 }, view).left).toBe(192)
    expect(beside({ ...anchor, left: -50 }, { width: 500, height: 300 }, view).left).toBe(8)
    expect(beside({ ...anchor, top: 290 }, { width: 200, height: 900 }, view)).toMatchObject({ top: 314, room: 278 })
  })
})
