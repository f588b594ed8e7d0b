export const tasks = {
  list: 'Tasks', addLabel: 'Add a task', addPlaceholder: 'Add a task', addTo: (project: string) => `Add a task to ${project}`, addAction: 'Add task',
  open: (count: number, more: boolean) => `${count}${more ? '+' : ''} open`, count: (count: number, more: boolean) => `${count}${more ? '+' : ''}`,
  complete: (title: string) => `Complete: ${title}`, reopen: (title: string) => `Reopen: ${title}`,
  rename: 'Rename', renameLabel: 'Title of the task', trash: 'Move to Trash', restore: 'Restore', edit: 'Task',
  completed: 'Task completed', reopened: 'Task reopened', renamed: 'Task renamed', trashed: 'Moved to Trash',
  restored: 'Task restored', added: 'Task added', undone: (what: string) => `Undone: ${what}`, redone: (what: string) => `Redone: ${what}`,
  markDone: 'Complete', markOpen: 'Reopen',
  priority: ['', 'Low', 'Medium', 'High', 'Urgent'], emptyTitle: 'A task needs a title.',
  deletedOn: (day: string) => `Deleted ${day}`, doneOn: (day: string) => `Done ${day}`,
}
