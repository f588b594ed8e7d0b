import { expect, it } from 'vitest'

import { codeIn, routeOf } from './routes'

it.each([
  ['/app/', { name: 'today' }],
  ['/app', { name: 'today' }],
  ['/app/label/caf%C3%A9', { name: 'label', id: 'café' }],
  ['/app/label/100%', { name: 'label', id: '100%' }],
  ['/app/inbox', { name: 'inbox' }],
  ['/app/done/', { name: 'done' }],
  ['/app/p/0190-ab', { name: 'project', id: '0190-ab' }],
  ['/app/confirm', { name: 'confirm' }],
  ['/app/forgot', { name: 'forgot' }],
  ['/app/settings/security', { name: 'settings', page: 'security' }],
  ['/app/settings', { name: 'settings', page: 'profile' }],
  ['/app/settings/secrets', { name: 'unknown' }],
  ['/app/settings/profile/more', { name: 'unknown' }],
  ['/app/admin', { name: 'admin', page: 'overview', id: '' }],
  ['/app/admin/users/0190-ab', { name: 'admin', page: 'users', id: '0190-ab' }],
  ['/app/admin/audit/0190-ab', { name: 'unknown' }],
  ['/app/admin/users/0190-ab/more', { name: 'unknown' }],
  ['/app/p', { name: 'unknown' }],
  ['/app/inbox/more', { name: 'unknown' }],
  ['/app/nowhere', { name: 'unknown' }],
])('%s', (path, route) => {
  expect(routeOf(path)).toEqual(route)
})

it('reads the code of a link from its fragment', () => {
  expect(codeIn('#token=a-b_c')).toBe('a-b_c')
  expect(codeIn('#invitation=xyz')).toBe('xyz')
  expect(codeIn('')).toBe('')
})
