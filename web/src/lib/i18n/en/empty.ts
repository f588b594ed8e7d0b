export const empty = {
  inbox: 'Nothing here.', all: 'No open tasks.', project: 'No open tasks in this project.', done: 'Nothing done yet. Completed tasks gather here.', trash: 'The trash is empty. Deleted tasks stay here for 30 days.',
  today: 'Nothing is due today.', upcoming: 'Nothing is planned.', label: 'No open tasks with this label.',
  guest: 'Nothing has been shared with you yet.',
}
