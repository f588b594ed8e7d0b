/** Words of the palette, of searching and of filters. */
export const search = {
  palette: 'Commands and search', palettePlaceholder: 'Type a command, a place or a task', commands: 'Commands', places: 'Go to', tasks: 'Tasks', everywhere: (words: string) => `Search everywhere for “${words}”`, nothing: 'Nothing fits.',
  title: 'Search', label: 'Words in titles, descriptions and comments', placeholder: 'Search', filter: 'Filter', filterLabel: 'Filter', filterPlaceholder: '(today | overdue) & #Home & !@waiting', start: 'Search for words, or filter by a sentence such as p1 & 7 days.',
  none: 'No tasks match.', clear: 'Clear', found: (count: number, more: boolean) => `${count}${more ? '+' : ''} found`, comment: 'Comment', description: 'Description',
  save: 'Save filter', name: 'Name of the filter', saved: 'Filter saved', renamed: 'Filter changed', deleted: 'Filter deleted', remove: 'Delete filter', filters: 'Filters', at: (column: number) => `At character ${column}`,
}
