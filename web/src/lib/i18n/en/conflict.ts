export const conflict = {
  title: (who: string) => (who ? `Also changed by ${who}` : 'Also changed elsewhere'), fields: { title: 'Title', description: 'Description' },
  mine: 'Your text', theirs: 'The text there now', keepMine: 'Keep yours', keepTheirs: 'Keep theirs',
}
