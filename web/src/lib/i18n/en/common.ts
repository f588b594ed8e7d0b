export const common = {
  close: 'Close', retry: 'Retry', undo: 'Undo', redo: 'Redo', dismiss: 'Dismiss',
  more: 'More', cancel: 'Cancel', loading: 'Loading…', older: 'Show older',
}
