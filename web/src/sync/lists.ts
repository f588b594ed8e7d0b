import type { Section, Task, TaskCreate } from '../api/types'
import { dayOf, dayOfDate, timeOf, type Day } from '../lib/days'
import { byText } from '../lib/positions'

import { nameKey, type Working } from './working'

/** What a heading says; the words are the view's. */
export type Heading =
  | { kind: 'overdue' | 'today' | 'done' }
  | { kind: 'day'; day: Day }
  | { kind: 'section'; section: Section }

export interface Line {
  id: string
  /** How many parents stand above it. */
  depth: number
}

export interface Group {
  key: string
  heading?: Heading
  lines: readonly Line[]
}

/** What lists are made from, at one moment. */
export interface Source {
  working: Working
  sections: readonly Section[]
  now: Date
  /** Tasks that stay a moment although they do not belong here any more. */
  stays: (id: string) => boolean
}

/** A list of tasks, derived from memory. */
export interface ListSpec {
  readonly key: string
  readonly groups: (source: Source) => readonly Group[]
  /** Whether a task belongs here; `groups` says where. */
  readonly holds: (task: Task, now: Date) => boolean
  /** Whether its owner orders it by hand. */
  readonly manual: boolean
  /** What a task gets that is added here. */
  readonly fresh: (now: Date) => Partial<TaskCreate>
  /** Where the server has more of it than memory: how to ask. */
  readonly query?: { status?: string; deleted?: true; sort: string }
}

const CLOSED: readonly Task['status'][] = ['done', 'cancelled']

export const isOpen = (task: Task): boolean => !CLOSED.includes(task.status)

const byPosition = (one: Task, other: Task) => byText(one.position, other.position) || byText(one.id, other.id)
const byNewest = (of: (task: Task) => string) => (one: Task, other: Task) => byText(of(other), of(one)) || byText(other.id, one.id)
/** By day, then by time (what has none comes last), then the most urgent first. */
const byDue = (one: Task, other: Task) =>
  byText(one.due ? dayOf(one.due) : '9', other.due ? dayOf(other.due) : '9') ||
  byText((one.due && timeOf(one.due)) || '99', (other.due && timeOf(other.due)) || '99') ||
  other.priority - one.priority || byPosition(one, other)

const flat = (tasks: readonly Task[]): Line[] => tasks.map((task) => ({ id: task.id, depth: 0 }))
const one = (tasks: readonly Task[], sort: (a: Task, b: Task) => number): Group[] => [{ key: 'all', lines: flat(tasks.toSorted(sort)) }]
const live = (task: Task) => !task.deleted_at

export const today: ListSpec = {
  key: 'today',
  holds: (task, now) => live(task) && isOpen(task) && task.due !== null && dayOf(task.due) <= dayOfDate(now),
  groups({ working, now, stays }) {
    const day = dayOfDate(now)
    const due = working.live.filter((task) => task.due && dayOf(task.due) <= day && (isOpen(task) || stays(task.id))).sort(byDue)
    const late = due.filter((task) => task.due && dayOf(task.due) < day)
    const done = working.live.filter((task) => task.completed_at && !stays(task.id) && dayOfDate(new Date(task.completed_at)) === day)
    return [
      { key: 'overdue', heading: { kind: 'overdue' }, lines: flat(late) },
      { key: 'today', heading: { kind: 'today' }, lines: flat(due.slice(late.length)) },
      { key: 'done', heading: { kind: 'done' }, lines: flat(done.sort(byNewest((task) => task.completed_at ?? ''))) },
    ]
  },
  manual: false,
  fresh: (now) => ({ due: { date: dayOfDate(now) } }),
}

export const upcoming: ListSpec = {
  key: 'upcoming',
  holds: (task, now) => live(task) && isOpen(task) && task.due !== null && dayOf(task.due) >= dayOfDate(now),
  groups({ working, now, stays }) {
    const days = [...working.byDay.keys()].filter((day) => day >= dayOfDate(now)).sort(byText)
    return days.flatMap((day) => {
      const tasks = (working.byDay.get(day) ?? []).filter((task) => isOpen(task) || stays(task.id)).sort(byDue)
      return tasks.length > 0 ? [{ key: day, heading: { kind: 'day' as const, day }, lines: flat(tasks) }] : []
    })
  },
  manual: false,
  fresh: () => ({}),
}

export const allOpen: ListSpec = {
  key: 'all',
  holds: (task) => live(task) && isOpen(task),
  groups: ({ working, stays }) => one(working.live.filter((task) => isOpen(task) || stays(task.id)), byNewest((task) => task.created_at)),
  manual: false,
  fresh: () => ({}),
}

export const done: ListSpec = {
  key: 'done',
  holds: (task) => live(task) && !isOpen(task),
  groups: ({ working, stays }) => one(working.live.filter((task) => !isOpen(task) || stays(task.id)), byNewest((task) => task.completed_at ?? task.updated_at)),
  manual: false,
  fresh: () => ({}),
  query: { status: CLOSED.join(','), sort: '-updated_at' },
}

export const trash: ListSpec = {
  key: 'trash',
  holds: (task) => Boolean(task.deleted_at),
  groups: ({ working }) => one(working.trashed, byNewest((task) => task.deleted_at ?? '')),
  manual: false,
  fresh: () => ({}),
  query: { deleted: true, sort: '-updated_at' },
}

export function withLabel(name: string): ListSpec {
  const key = nameKey(name)
  return {
    key: `label:${key}`,
    holds: (task) => live(task) && isOpen(task) && task.labels.some((label) => nameKey(label) === key),
    groups: ({ working, stays }) => one((working.byLabel.get(key) ?? []).filter((task) => isOpen(task) || stays(task.id)), byDue),
    manual: false,
    fresh: () => ({ labels: [name] }),
  }
}

/** A project in its own order: tasks under their sections, subtasks under their task. */
export function inProject(id: string): ListSpec {
  return {
    key: `project:${id}`,
    holds: (task) => task.project_id === id && live(task) && isOpen(task),
    groups({ working, sections, stays }) {
      const tasks = (working.byProject.get(id) ?? []).filter((task) => isOpen(task) || stays(task.id))
      const mine = sections.filter((section) => section.project_id === id)
      const known = new Set(mine.map((section) => section.id))
      const roots = asTree(tasks)
      const inSection = (section: string | null) =>
        roots.filter(({ task }) => (task.section_id !== null && known.has(task.section_id) ? task.section_id : null) === section).flatMap(({ lines }) => lines)
      return [
        { key: 'none', lines: inSection(null) },
        ...mine.map((section) => ({ key: section.id, heading: { kind: 'section' as const, section }, lines: inSection(section.id) })),
      ]
    },
    manual: true,
    fresh: () => ({}),
  }
}

/** Each task without a parent here, with all below it in order; sorted by position. */
export function asTree(tasks: readonly Task[]): { task: Task; lines: Line[] }[] {
  const here = new Set(tasks.map((task) => task.id))
  const below = new Map<string, Task[]>()
  const roots: Task[] = []
  for (const task of tasks.toSorted(byPosition)) {
    if (task.parent_id === null || !here.has(task.parent_id)) roots.push(task)
    else below.set(task.parent_id, [...(below.get(task.parent_id) ?? []), task])
  }
  const lines = (task: Task, depth: number): Line[] => [
    { id: task.id, depth },
    ...(below.get(task.id) ?? []).flatMap((child) => (depth < 16 ? lines(child, depth + 1) : [])),
  ]
  return roots.map((task) => ({ task, lines: lines(task, 0) }))
}
