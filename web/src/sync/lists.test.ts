import { describe, expect, it } from 'vitest'

import type { Section, Task } from '../api/types'
import { allOpen, done, inProject, today, trash, upcoming, withLabel, type ListSpec, type Source } from './lists'
import { working } from './working'

const now = new Date(2026, 10, 26, 12)
const task = (id: string, more: Partial<Task> = {}) =>
  ({
    id, created_at: id, updated_at: id, project_id: 'p', status: 'todo', deleted_at: null, completed_at: null, due: null, labels: [], priority: 0,
    parent_id: null, section_id: null, position: id, ...more,
  }) as Task

function shown(list: ListSpec, tasks: Task[], more: Partial<Source> = {}) {
  const groups = list.groups({ working: working(tasks, (id) => id !== 'gone'), sections: [], now, stays: () => false, ...more })
  return Object.fromEntries(groups.map((group) => [group.key, group.lines.map(({ id, depth }) => '-'.repeat(depth) + id)]))
}

it('puts each task into the lists it belongs to, and into no others', () => {
  const tasks = [
    task('a'), task('b', { status: 'in_progress', labels: ['Home'] }), task('c', { status: 'done', completed_at: '2026-11-01T08:00:00Z' }),
    task('d', { status: 'done', deleted_at: '2' }), task('e', { project_id: 'gone' }),
  ]
  const lists = [allOpen, done, trash, inProject('p'), inProject('q'), withLabel('home')]
  expect(lists.map((list) => [list.key, shown(list, tasks)])).toEqual([
    ['all', { all: ['b', 'a'] }], ['done', { all: ['c'] }], ['trash', { all: ['d'] }], ['project:p', { none: ['a', 'b'] }], ['project:q', { none: [] }],
    ['label:home', { all: ['b'] }],
  ])
  for (const list of lists) {
    const held = tasks.filter((one) => one.project_id !== 'gone' && list.holds(one, now)).map((one) => one.id)
    expect(Object.values(shown(list, tasks)).flat().sort(), list.key).toEqual(held)
  }
})

it('shows today what is late, what is due and what was done, by time and urgency', () => {
  const tasks = [
    task('late', { due: { date: '2026-11-20' } }), task('later', { due: { date: '2026-11-25' }, priority: 4 }),
    task('whole', { due: { date: '2026-11-26' } }), task('urgent', { due: { date: '2026-11-26' }, priority: 4 }), task('nine', { due: { datetime: '2026-11-26T09:00:00' } }),
    task('tomorrow', { due: { date: '2026-11-27' } }), task('never'), task('did', { status: 'done', completed_at: new Date(2026, 10, 26, 8).toISOString() }),
    task('past', { status: 'done', completed_at: '2026-11-20T08:00:00Z', due: { date: '2026-11-26' } }),
  ]
  expect(shown(today, tasks)).toEqual({ overdue: ['late', 'later'], today: ['nine', 'urgent', 'whole'], done: ['did'] })
  expect(shown(today, tasks, { stays: (id) => id === 'past' }).today).toEqual(['nine', 'urgent', 'past', 'whole'])
  expect(shown(upcoming, tasks)).toEqual({ '2026-11-26': ['nine', 'urgent', 'whole'], '2026-11-27': ['tomorrow'] })
})

describe('a project', () => {
  const sections = ['s2', 's1'].map((id) => ({ id, project_id: 'p' }) as Section)

  it('has its sections in order, subtasks below their task, orphans at the top', () => {
    const tasks = [
      task('2', { section_id: 's1' }), task('3', { parent_id: '2', section_id: 's1' }), task('1', { parent_id: '2' }), task('4', { parent_id: 'unseen' }),
      task('5', { parent_id: '3' }), task('6', { section_id: 'lost' }),
    ]
    expect(shown(inProject('p'), tasks, { sections })).toEqual({ none: ['4', '6'], s2: [], s1: ['2', '-1', '-3', '--5'] })
  })
})

it('finds and sorts five thousand tasks in the time of a frame', () => {
  const tasks = Array.from({ length: 5_000 }, (_, at) => task(String(at * 7919 % 5000).padStart(4, '0'), { project_id: `p${at % 20}` }))
  const start = performance.now()
  for (let round = 0; round < 10; round += 1) shown(inProject('p3'), tasks)
  expect((performance.now() - start) / 10).toBeLessThan(50)
})
