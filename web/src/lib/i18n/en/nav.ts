export const nav = {
  label: 'Main', inbox: 'Inbox', today: 'Today', views: 'View', view: { list: 'List', board: 'Board', calendar: 'Calendar' }, upcoming: 'Upcoming', labels: 'Labels', all: 'All tasks', done: 'Done', analytics: 'Analytics', trash: 'Trash', projects: 'Projects', add: 'Add',
  newTask: 'New task', newProject: 'New project', sections: 'Sections', projectName: 'Name of the project', noProjects: 'No projects yet',
  account: 'Account', settings: 'Settings', admin: 'Administration', more: 'More', apiDocs: 'API documentation',
}
