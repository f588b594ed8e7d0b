/** Words of the panel of one task. */
export const panel = {
  label: 'Task', close: 'Close the task', copyLink: 'Copy link', copied: 'Link copied', more: 'More actions', missing: 'There is no such task, it is in the Trash, or it is not yours to see.',
  duplicate: 'Duplicate', skip: 'Skip to the next date', untitled: 'Untitled', trashed: 'This task is in the Trash.',
  details: 'Details', due: 'Due', deadline: 'Deadline', priority: 'Priority', status: 'Status', project: 'Project', labels: 'Labels', assignees: 'Assigned to', repeat: 'Repeats', none: 'None',
  add: (what: string) => `Add: ${what}`, change: (what: string, value: string) => `${what}: ${value}`,
  description: 'Description', describe: 'Add a description', editDescription: 'Edit the description',
  subtasks: 'Subtasks', addSubtask: 'Add a subtask', open: (title: string) => `Open: ${title}`,
  relations: 'Related tasks', addRelation: 'Add a related task', removeRelation: (title: string) => `No longer related: ${title}`, hidden: 'A task that cannot be shown',
  kinds: { blocks: 'Blocks', blocked_by: 'Is blocked by', relates: 'Is related to', duplicates: 'Duplicates', duplicated_by: 'Is duplicated by', precedes: 'Comes before', follows: 'Comes after' },
  reminders: 'Reminders', addReminder: 'Add a reminder', atDue: 'When it is due', before: (span: string) => `${span} before it is due`, minutes: (count: number) => (count === 1 ? '1 minute' : `${count} minutes`),
  hours: (count: number) => (count === 1 ? '1 hour' : `${count} hours`), days: (count: number) => (count === 1 ? '1 day' : `${count} days`), removeReminder: (what: string) => `Remove the reminder: ${what}`,
  comments: 'Comments', comment: 'Comment', commentHint: 'Write a comment. @name tells somebody.', send: 'Comment', editComment: 'Edit', deleteComment: 'Delete', edited: 'edited', someone: 'Somebody', commentDeleted: 'Comment deleted',
  activity: 'Activity', showActivity: 'Show activity', did: (who: string, what: string) => `${who} ${what}`, changedFields: (fields: string) => `changed ${fields}`,
  actions: {
    created: 'added this task', updated: 'changed it', completed: 'completed it', reopened: 'reopened it', deleted: 'moved it to the Trash', restored: 'restored it', moved: 'moved it', skipped: 'skipped to the next date', imported: 'imported it',
  } as Record<string, string>,
  names: {
    title: 'the title', description: 'the description', due: 'the due date', deadline: 'the deadline', start: 'the start', priority: 'the priority', status: 'the status', labels: 'the labels', assignee_ids: 'who it is assigned to',
    project_id: 'the project', section_id: 'the section', parent_id: 'the task above', recurrence: 'the repetition', estimate_minutes: 'the estimate', position: 'the order',
  } as Record<string, string>,
  rule: {
    custom: 'In words…', customHint: 'Such as “every 2 weeks” or “every 1st”', notARule: 'This is not understood as a repetition.', none: 'Does not repeat', afterDone: 'Count from when it is completed', counted: (rule: string) => `${rule}, from completion`,
    every: { DAILY: 'Every day', WEEKLY: 'Every week', MONTHLY: 'Every month', YEARLY: 'Every year' }, weekdays: 'Every weekday',
    interval: { DAILY: (count: number) => `Every ${count} days`, WEEKLY: (count: number) => `Every ${count} weeks`, MONTHLY: (count: number) => `Every ${count} months`, YEARLY: (count: number) => `Every ${count} years` },
    on: (rule: string, days: string) => `${rule} on ${days}`, onDay: (rule: string, day: number) => `${rule} on day ${day}`, lastDay: (rule: string) => `${rule} on the last day`,
  },
}
