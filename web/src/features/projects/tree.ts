import type { Project } from '../../api/types'

export interface Line {
  project: Project
  depth: number
}

/** Projects by name, each followed by its children; one whose parent is not visible stands at the top. */
export function asTree(projects: readonly Project[], locale: string): Line[] {
  const ids = new Set(projects.map((project) => project.id))
  const sorted = [...projects].sort((one, other) => one.name.localeCompare(other.name, locale, { numeric: true }))
  const below = (parent: string | null, depth: number): Line[] =>
    sorted
      .filter((project) => (project.parent_id && ids.has(project.parent_id) ? project.parent_id : null) === parent)
      .flatMap((project) => [{ project, depth }, ...below(project.id, depth + 1)])
  return below(null, 0)
}
