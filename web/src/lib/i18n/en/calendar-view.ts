export const calendarView = {
  before: 'Earlier', after: 'Later', month: 'Month', week: 'Week', agenda: 'Agenda', more: (count: number) => `${count} more`,
}
