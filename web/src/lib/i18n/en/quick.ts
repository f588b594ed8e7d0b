/** Words of quick add. */
export const quick = {
  title: 'New task', label: 'What is to be done', placeholder: 'Pay rent #Home @money p1 tomorrow 9am every month', add: 'Add task', addMany: (count: number) => `Add ${count} tasks`, into: (project: string) => `Goes to ${project}`,
  hint: 'Enter adds, Shift+Enter adds and opens, Escape keeps the draft.', literal: (what: string) => `Take as text: ${what}`, unknown: (what: string) => `${what} is not known`, create: (what: string) => `Create ${what}`,
  later: 'Days and names are read once the server can be reached.', added: (count: number) => (count === 1 ? 'Task added' : `${count} tasks added`), understood: 'Understood',
  kinds: { project: 'Project', section: 'Section', label: 'Label', assignee: 'Assigned to', priority: 'Priority', date: 'Due', recurrence: 'Repeats', deadline: 'Deadline', description: 'Description' },
}
