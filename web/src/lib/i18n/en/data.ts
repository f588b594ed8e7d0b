/** Words of the settings for notifications and for data that comes and goes. */
export const data = {
  notifications: 'Notifications', notificationsLead: 'Reminders, and what others assign, mention and comment.', noNotifications: 'Nothing yet.', markAll: 'Mark all as read', unread: 'New',
  kinds: { reminder: () => 'Reminder', mentioned: (who: string) => `${who} mentioned you`, assigned: (who: string) => `${who} assigned you`, commented: (who: string) => `${who} commented` }, someone: 'Somebody',
  exportTitle: 'Export', exportLead: 'All that you can see, to keep or to take elsewhere. JSON comes back without loss.', download: (format: string) => `Download ${format}`,
  importTitle: 'Import', importLead: 'From JSON, CSV or iCalendar. It is looked through first; nothing is written before you say so.', file: 'File', into: 'Project', intoOwn: 'As the file says, else the inbox', check: 'Look through', run: (count: number) => (count === 1 ? 'Import 1 task' : `Import ${count} tasks`), skipInvalid: 'Leave out rows that are not valid',
  report: 'What was found', read: 'Rows read', fresh: 'New tasks', duplicates: 'Already here', problems: 'Not valid', comments: 'Comments', row: 'Row', field: 'Field', message: 'Reason', sample: 'The first tasks', imported: (count: number) => (count === 1 ? '1 task imported' : `${count} tasks imported`), nothing: 'Nothing new in this file.', unknownType: 'A file that ends in .json, .csv or .ics, please.', undone: 'Import undone', undo: 'Undo the import',
}
