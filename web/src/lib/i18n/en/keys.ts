export const keys = {
  title: 'Keyboard shortcuts', single: 'Single-key shortcuts', singleHint: 'Turn off if keys fire by accident, for example with speech input.', or: 'or', then: 'then',
  groups: { general: 'General', go: 'Go to', list: 'In a list' },
  add: 'Add a task', palette: 'Commands and search', search: 'Search', sideBar: 'Show or hide the side bar', help: 'Show shortcuts', undo: 'Undo', redo: 'Redo', next: 'Next task', previous: 'Previous task',
  open: 'Open', select: 'Select', selectAll: 'Select all', rangeUp: 'Select the task above', rangeDown: 'Select the task below', clear: 'Clear the selection',
  due: 'Due date', priority: (name: string) => `Priority: ${name}`, project: 'Move to a project', labels: 'Labels', assignee: 'Assign', status: 'Status',
  left: 'Column to the left', right: 'Column to the right', toLeft: 'Move a column to the left', toRight: 'Move a column to the right',
  up: 'Move up', down: 'Move down',
  complete: 'Complete or reopen', rename: 'Rename', trash: 'Move to Trash', restore: 'Restore', first: 'First task', last: 'Last task',
}
