/** Words of a project's sections. */
export const sections = {
  title: 'Sections', lead: 'They part the list of a project, and are the columns of its board.', none: 'No sections yet.', add: 'Add a section', name: 'Name of the section', rename: (name: string) => `Rename: ${name}`,
  up: (name: string) => `Move up: ${name}`, down: (name: string) => `Move down: ${name}`, remove: (name: string) => `Delete: ${name}`, removed: 'Section deleted; its tasks stay in the project.',
}
