import type { Task } from '../../api/types'
import type { Command } from '../../lib/commands'
import { i18n } from '../../lib/i18n/index.svelte'
import type { Field } from './fields'

/** What the keys of a list do; the list says how. */
export interface ListDeeds {
  /** The tasks the keys mean: those selected, else the one with the focus. */
  meant: () => readonly Task[]
  move: (by: number) => void
  length: () => number
  complete: () => void
  rename: () => void
  open: () => void
  trash: () => void
  restore: () => void
  select: () => void
  range: (by: 1 | -1) => void
  all: () => void
  clear: () => void
  selecting: () => boolean
  field: (field: Field) => void
  priority: (value: number) => void
  /** Undefined where the list has no order of its own. */
  reorder?: ((by: 1 | -1) => void) | undefined
}

/** `able` says whether the tasks meant are there and may be changed. */
export function listCommands(deeds: ListDeeds, able: (trashed: boolean) => boolean, inTrash: boolean): Command[] {
  const { keys: words, tasks } = i18n.t
  const command = (id: string, title: string, keys: string[], run: () => void, enabled?: () => boolean): Command =>
    ({ id, title, keys, run, group: words.groups.list, ...(enabled ? { enabled } : {}) })
  const live = () => able(false)
  const moving = [
    command('next', words.next, ['j', 'ArrowDown'], () => deeds.move(1)),
    command('previous', words.previous, ['k', 'ArrowUp'], () => deeds.move(-1)),
    command('first', words.first, ['Home'], () => deeds.move(-deeds.length())),
    command('last', words.last, ['End'], () => deeds.move(deeds.length())),
    command('clear', words.clear, ['Escape'], deeds.clear, deeds.selecting),
  ]
  if (inTrash) return [...moving, command('restore', words.restore, ['u', 'Enter'], deeds.restore, () => able(true))]
  return [
    ...moving,
    command('open', words.open, ['Enter', 'o'], deeds.open, () => deeds.meant().length > 0),
    command('complete', words.complete, ['e'], deeds.complete, live),
    command('rename', words.rename, ['r'], deeds.rename, live),
    command('select', words.select, ['x'], deeds.select, live),
    command('range-down', words.rangeDown, ['Shift+ArrowDown', 'Shift+j'], () => deeds.range(1)),
    command('range-up', words.rangeUp, ['Shift+ArrowUp', 'Shift+k'], () => deeds.range(-1)),
    command('all', words.selectAll, ['Mod+a'], deeds.all),
    command('due', words.due, ['d'], () => deeds.field('due'), live),
    ...[4, 3, 2, 1, 0].map((value) =>
      command(`priority-${value}`, words.priority(tasks.priority[value] || tasks.noPriority), [`p ${value === 0 ? 0 : 5 - value}`], () => deeds.priority(value), live)),
    command('project', words.project, ['m'], () => deeds.field('project'), live),
    command('labels', words.labels, ['l'], () => deeds.field('labels'), live),
    command('assignee', words.assignee, ['a'], () => deeds.field('assignee'), live),
    command('status', words.status, ['s'], () => deeds.field('status'), live),
    ...(deeds.reorder
      ? [command('up', words.up, ['Alt+ArrowUp'], () => deeds.reorder?.(-1), live), command('down', words.down, ['Alt+ArrowDown'], () => deeds.reorder?.(1), live)]
      : []),
    command('trash', words.trash, ['#', 'Delete'], deeds.trash, live),
  ]
}
