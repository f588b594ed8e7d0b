import { expect, it } from 'vitest'

import type { Project } from '../../api/types'
import { asTree } from './tree'

const project = (id: string, name: string, parent: string | null = null) => ({ id, name, parent_id: parent }) as Project

it('sorts by name as people count, children below their parent, orphans at the top', () => {
  const lines = asTree(
    [project('a', 'Week 10'), project('b', 'Week 2'), project('c', 'Ärzte', 'b'), project('d', 'Zoo', 'b'), project('e', 'Attic', 'unseen')],
    'de',
  )
  expect(lines.map(({ project: { name }, depth }) => [name, depth])).toEqual([['Attic', 0], ['Week 2', 0], ['Ärzte', 1], ['Zoo', 1], ['Week 10', 0]])
})
