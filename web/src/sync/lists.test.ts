import { describe, expect, it } from 'vitest'

import type { Task } from '../api/types'
import { allOpen, done, inProject, placed, trash } from './lists'

const task = (id: string, created: string, more: Partial<Task> = {}) =>
  ({ id, created_at: created, updated_at: created, project_id: 'p', status: 'todo', deleted_at: null, ...more }) as Task

it('puts each task into the lists it belongs to, and into no others', () => {
  const kinds = {
    open: task('a', '1'),
    started: task('b', '1', { status: 'in_progress' }),
    closed: task('c', '1', { status: 'done' }),
    trashed: task('d', '1', { status: 'done', deleted_at: '2' }),
  }
  const holders = (one: Task) =>
    [allOpen, done, trash, inProject('p'), inProject('q')].filter((list) => list.holds(one)).map((list) => list.key)
  expect(Object.entries(kinds).map(([name, one]) => [name, holders(one)])).toEqual([
    ['open', ['all', 'project:p']],
    ['started', ['all', 'project:p']],
    ['closed', ['done']],
    ['trashed', ['trash']],
  ])
})

describe('placing a task', () => {
  const tasks = new Map([task('new', '9'), task('middle', '5'), task('old', '1')].map((one) => [one.id, one]))
  const put = (one: Task) => placed(['new', 'middle', 'old'], one, allOpen.newest, (id) => tasks.get(id))

  it('keeps the list newest first', () => {
    expect(put(task('x', '7'))).toEqual(['new', 'x', 'middle', 'old'])
    expect(put(task('x', '95'))).toEqual(['x', 'new', 'middle', 'old'])
    expect(put(task('x', '0'))).toEqual(['new', 'middle', 'old', 'x'])
  })
  it('leaves one that is there where it is', () => {
    expect(put(task('old', '99'))).toEqual(['new', 'middle', 'old'])
  })
})
