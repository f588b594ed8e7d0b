/** Words of what was done and what is left. */
export const analytics = {
  range: 'Days', ranges: { 7: '7 days', 30: '30 days', 90: '90 days', 365: 'A year' }, project: 'Project', allProjects: 'All projects',
  asOf: (time: string) => `Counted up to ${time}`, counting: 'Not everything is counted yet.', nothing: 'Nothing to show for these days.',
  created: 'Created', completed: 'Completed', open: 'Open', overdue: 'Overdue', onTime: 'In time', lead_time: 'From creation to completion', cycle_time: 'From start to completion', none: '–',
  byDay: 'Created and completed', byAge: 'Open tasks by age', byPriority: 'Open tasks by priority', byProject: 'By project', byPerson: 'By person', byHour: 'Completed by hour of the week', onTimeByDay: 'Completed in time',
  day: 'Day', age: 'Days since creation', ages: { '0-1': 'Up to 1', '2-7': '2 to 7', '8-30': '8 to 30', '31-90': '31 to 90', '91+': 'More than 90' }, priority: 'Priority', person: 'Person', nobody: 'Nobody', former: 'Somebody else', weekday: 'Weekday', late: 'Late',
  asTable: 'View as table', asChart: 'View as chart', csv: 'Download as CSV', of: (what: string, chart: string) => `${what}: ${chart}`, at: (day: string, hour: string) => `${day}, ${hour}`,
  span: { minutes: (count: number) => (count === 1 ? '1 minute' : `${count} minutes`), hours: (count: number) => (count === 1 ? '1 hour' : `${count} hours`), days: (count: number) => (count === 1 ? '1 day' : `${count} days`) },
  useLead: 'Days and hours of UTC, a minute old at most.', requests: 'Requests by hour, two days', answered: 'Answered', refused: 'Refused', signIns: 'Sign-ins by day', signedIn: 'Signed in', refusedSignIns: 'Refused', refreshes: 'Refresh tokens by day', exchanged: 'Exchanged', repeated: 'Repeated', reused: 'Used ones shown again', active: 'Active accounts by day', accounts: 'Accounts', hour: 'Hour',
}
