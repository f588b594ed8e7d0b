import { expect, it } from 'vitest'

import { bestLanguage, isLanguage, regionOf } from './languages'

it.each([
  [['de-AT', 'en'], 'de'],
  [['fr-FR', 'ru', 'en'], 'ru'],
  [['EN-us'], 'en'],
  [['fr', 'zh-Hant-TW'], 'en'],
  [[], 'en'],
])('of %j, %s is offered', (wanted, best) => {
  expect(bestLanguage(wanted)).toBe(best)
})

it.each([
  ['de', ['en-GB', 'de-AT'], 'de-AT'],
  ['en', ['en-GB', 'en-US'], 'en-GB'],
  ['ru', ['de-AT'], 'ru'],
] as const)('dates in %s for a reader of %j are those of %s', (language, wanted, tag) => {
  expect(regionOf(language, wanted)).toBe(tag)
})

it('knows no other names, nor what objects inherit', () => {
  expect(isLanguage('de')).toBe(true)
  expect(['fr', 'toString', undefined, 1].some(isLanguage)).toBe(false)
})
