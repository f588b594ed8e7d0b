/** Words of pickers, menus, editors. */
export const pick = {
  search: 'Search', nothing: 'Nothing fits.', searching: 'Searching…', create: (name: string) => `Create “${name}”`, selected: 'chosen', found: (count: number) => (count === 1 ? '1 choice' : `${count} choices`),
  previousMonth: 'Previous month', nextMonth: 'Next month', days: 'Days', none: 'No date', nextWeek: 'Next week', weekend: 'Weekend',
  dateHint: 'Such as “next friday 9am”', dayHint: 'Such as “next friday”', notADate: 'This is not understood as a date.', useKey: 'Enter',
  remove: (what: string) => `Remove: ${what}`, write: 'Write', preview: 'Preview', mode: 'View', bold: 'Bold', italic: 'Italic', nothingWritten: 'Nothing written yet.',
  image: (name: string) => `Image: ${name || 'without a name'}`, check: (text: string) => text || 'Item',
}
