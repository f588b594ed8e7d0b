import { expect, it } from 'vitest'

import { between, byText } from './positions'

it.each([['', ''], ['a0', ''], ['', 'a0'], ['a0', 'a1'], ['a0', 'a0V'], ['Zz', 'a0'], ['a0zzz', 'a1'], ['a0', 'a02'], ['a01', 'a02'], ['', 'Zy'], ['b00', 'b01']])(
  'finds a place between %s and %s, again and again', (low, high) => {
    let [below, above] = [low, high]
    for (let round = 0; round < 40; round += 1) {
      const made = between(below, above)
      expect(byText(below, made)).toBe(-1)
      if (above) expect(byText(made, above)).toBe(-1)
      if (round % 2) below = made
      else above = made
    }
  })
