import { describe, expect, it } from 'vitest'

import type { Section } from '../../api/types'
import type { Group } from '../../sync/lists'
import { landing, rowsOf, step } from './rows'

const section = (id: string, ...lines: [string, number][]): Group => ({
  key: id, heading: { kind: 'section', section: { id } as Section }, lines: lines.map(([id, depth]) => ({ id, depth })),
})
const groups: Group[] = [
  { key: 'none', lines: [{ id: 'a', depth: 0 }, { id: 'b', depth: 0 }, { id: 'b1', depth: 1 }, { id: 'c', depth: 0 }] },
  section('s', ['d', 0]),
  section('t'),
]
const rows = rowsOf(groups, () => false)
const known = { section: (group: string) => (group === 'none' ? null : group), parent: (id: string) => (id === 'b1' ? 'b' : null) }
const none = { sectionId: null, parentId: null }

it('draws headings of sections even if they are empty, and only the heading of what is closed', () => {
  expect(rows.map((row) => row.key)).toEqual(['a', 'b', 'b1', 'c', 'heading:s', 'd', 'heading:t'])
  expect(rowsOf(groups, (group) => group === 's').map((row) => row.key)).toEqual(['a', 'b', 'b1', 'c', 'heading:s', 'heading:t'])
  expect(rowsOf([{ key: 'overdue', heading: { kind: 'overdue' }, lines: [] }], () => false)).toEqual([])
})

describe('a step by keyboard', () => {
  it.each([
    ['a', 1, { ...none, after: 'b' }],
    ['b', 1, { ...none, after: 'c' }],
    ['c', -1, { ...none, before: 'b' }],
    ['c', 1, { sectionId: 's', parentId: null, before: 'd' }],
    ['d', -1, { ...none, after: 'c' }],
    ['d', 1, { sectionId: 't', parentId: null }],
    ['a', -1, undefined],
    ['b1', 1, undefined],
    ['b1', -1, undefined],
  ] as const)('%s by %i', (id, by, place) => {
    expect(step(rows, id, by, known)).toEqual(place)
  })
})

describe('a drop', () => {
  it.each([
    ['a', 0, { ...none, before: 'b' }],
    ['c', 0, { ...none, before: 'a' }],
    ['a', 1, { sectionId: null, parentId: 'b', before: 'b1' }],
    ['a', 2, { sectionId: null, parentId: 'b', after: 'b1' }],
    ['a', 3, { ...none, after: 'c' }],
    ['a', 4, { sectionId: 's', parentId: null, before: 'd' }],
    ['b', 4, { sectionId: 's', parentId: null, after: 'd' }],
    ['a', 6, { sectionId: 't', parentId: null }],
  ] as const)('of %s before row %i', (id, at, place) => {
    expect(landing(rows, id, at, known)).toEqual(place)
  })
})
