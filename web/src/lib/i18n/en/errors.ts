export const errors = {
  page: 'This could not be loaded', notFound: 'There is no such page', notFoundLead: 'The address may be mistyped, or the project is not shared with you.',
  forbidden: 'Only administrators can see this', forbiddenLead: 'Your account has another role. An administrator of this server can change it.',
  home: 'Go to the inbox', unreachable: 'The server cannot be reached. It is tried again by itself.', offline: 'This device is offline. It goes on when the connection is back.',
  requestId: (id: string) => `Request ${id}`, notSaved: (title: string) => `Not saved: “${title}”`, unexpected: 'Something went wrong on the server.',
  tooMany: (seconds: number) => `Too many tries. Wait ${seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`}.`,
  wrongLogin: 'The name or the password is not right.', required: 'Please fill this in.', tooShort: (least: number) => `At least ${least} characters, please.`,
  badUsername: 'Start with a letter or digit; then small letters, digits, . _ - (2 to 64 in all).', linkUsed: 'This link is not valid any more. It may have been used, or be too old.',
  summary: 'Please check what is marked below.', cannotUndo: 'This cannot be undone: the task was changed since.', nothingToUndo: 'Nothing to undo.', nothingToRedo: 'Nothing to redo.',
  changedElsewhere: 'It was changed elsewhere meanwhile; the title from there is shown now.', crossSite: 'The browser did not say where this request came from. Reload the page and try again.',
}
