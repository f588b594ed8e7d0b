import { describe, expect, it } from 'vitest'

import { complaint } from './eslint-rooms.js'

describe('the order of the rooms', () => {
  it.each([
    ['/w/src/app/App.svelte', '../features/tasks/TaskList.svelte'],
    ['/w/src/features/tasks/TaskList.svelte', './TaskRow.svelte'],
    ['/w/src/features/tasks/TaskList.svelte', '../../sync/store.svelte'],
    ['/w/src/sync/store.svelte.ts', '../api/types'],
    ['/w/src/ui/Toasts.svelte', '../lib/i18n'],
    ['/w/src/app/main.ts', '../styles/base.css'],
    ['/w/src/app/main.ts', 'svelte'],
  ])('%s may import %s', (file, specifier) => {
    expect(complaint(file, specifier)).toBeUndefined()
  })

  it.each([
    ['/w/src/lib/dates.ts', '../api/client'],
    ['/w/src/api/session.ts', '../ui/toasts.svelte'],
    ['/w/src/ui/Dialog.svelte', '../features/tasks/TaskRow.svelte'],
    ['/w/src/sync/store.svelte.ts', '../app/router.svelte'],
    ['/w/src/features/tasks/TaskList.svelte', '../auth/SignIn.svelte'],
    ['/w/src/misc/thing.ts', '../lib/dates'],
  ])('%s may not import %s', (file, specifier) => {
    expect(complaint(file, specifier)).toBeTypeOf('string')
  })
})
