export const common = {
  close: 'Close', retry: 'Retry', undo: 'Undo', redo: 'Redo', dismiss: 'Dismiss',
  more: 'More', cancel: 'Cancel', justNow: 'just now', loading: 'Loading…', older: 'Show older', save: 'Save', saved: 'Saved.', yes: 'Yes', no: 'No',
}
