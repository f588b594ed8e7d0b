import { expect, it } from 'vitest'

import type { Section, Task } from '../api/types'
import { beside, columns } from './board'
import { working } from './working'

const task = (id: string, more: Partial<Task> = {}) =>
  ({ id, position: id, project_id: 'p', section_id: null, status: 'todo', labels: [], deleted_at: null, due: null, parent_id: null, ...more }) as Task
const tasks = [task('b'), task('a', { status: 'in_progress', section_id: 's' }), task('c', { status: 'done' }), task('d', { section_id: 'gone' }), task('e', { project_id: 'q' })]
const shown = (projectId: string | undefined, sections: Section[]) =>
  columns(working(tasks, () => true), sections, projectId, () => false).map((column) => [column.key, column.tasks.map((one) => one.id)])

it('has the sections of a project as columns, else statuses', () => {
  expect(shown('p', [{ id: 's', project_id: 'p' } as Section])).toEqual([['none', ['b', 'd']], ['s', ['a']]])
  expect(shown('p', [])).toEqual([['todo', ['b', 'd']], ['in_progress', ['a']], ['done', ['c']]])
  expect(shown(undefined, [{ id: 's', project_id: 'p' } as Section])[0]).toEqual(['todo', ['b', 'd', 'e']])
})

it('names the neighbour of a place, whoever moves', () => {
  const three = ['a', 'b', 'c'].map((id) => task(id))
  expect([beside(three, 'x', 0), beside(three, 'a', 1), beside(three, 'c', 0), beside(three, 'x', 3), beside([], 'x', 0)]).toEqual([
    { before: 'a' }, { after: 'b' }, { before: 'a' }, { after: 'c' }, {},
  ])
})
