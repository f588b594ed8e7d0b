import { expect, it } from 'vitest'

import { german } from './de'
import { en } from './en'
import { admin } from './en/admin'
import { analytics } from './en/analytics'
import { data } from './en/data'
import { panel } from './en/panel'
import { sections } from './en/sections'
import { settings } from './en/settings'
import { russian } from './ru'

const english = { main: en, later: { admin, analytics, data, panel, sections, settings } }
const ALIKE = new Set(['product', 'filterLabel', 'filter', 'filters', 'useKey', 'status', 'name', 'tokenName', 'displayName', 'link', 'code', 'resetCode', 'system', 'version', 'administrator', 'email', 'agenda', 'offline', 'admin', 'projects', 'add', 'change', 'count', 'check', 'exportTitle', 'importTitle', 'secret', 'person'])

/** Every word by its way, functions as what they make of a number and of texts. */
function words(thing: unknown, way = ''): [string, string][] {
  if (typeof thing === 'function') return [1, 2, 5, 21].map((count) => [`${way}(${count})`, (thing as (...given: unknown[]) => string)(count, count)])
  if (typeof thing === 'object' && thing !== null) return Object.entries(thing).flatMap(([name, value]) => words(value, way ? `${way}.${name}` : name))
  return [[way, thing as string]]
}

it.each([['German', german], ['Russian', russian]] as const)('%s has every word, and none is left in English', (_name, translation) => {
  const [theirs, ours] = [new Map(words(english)), new Map(words(translation))]
  expect([...ours.keys()]).toEqual(expect.arrayContaining([...theirs.keys()]))
  expect([...theirs.keys()]).toEqual(expect.arrayContaining([...ours.keys()]))
  const same = [...ours].filter(([way, text]) => /[a-z]{3}/i.test(text) && theirs.get(way) === text && !ALIKE.has(way.replace(/\(\d+\)$/, '').split('.').at(-1) ?? ''))
  expect(same).toEqual([])
})

it('chooses the form that a number wants', () => {
  expect([1, 2, 5, 21].map((count) => russian.main.status.waiting(count))).toEqual(['1 изменение ждёт', '2 изменения ждут', '5 изменений ждут', '21 изменение ждёт'])
  expect([1, 2].map((count) => german.main.status.waiting(count))).toEqual(['1 Änderung wartet', '2 Änderungen warten'])
})
