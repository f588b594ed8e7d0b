import { anonymous, answered, session } from '../../api/client'
import { Problem } from '../../api/problem'
import { i18n } from '../../lib/i18n/index.svelte'
import { writeStored } from '../../lib/storage'
import { MEMORY_ONLY } from '../../sync/disk'

export interface Credentials {
  username: string
  password: string
  remember: boolean
}

/**
 * Signs in by cookie. `no-cookie` means that the password was right and the browser did not keep the cookies, as it does
 * not over plain http from another machine.
 */
export async function signIn({ username, password, remember }: Credentials): Promise<'ok' | 'no-cookie'> {
  const body = { username: username.trim(), password, remember, cookie: true }
  const { data } = await answered(anonymous.POST('/login', { body }))
  const { response } = await anonymous.GET('/me')
  if (response.status === 401) return 'no-cookie'
  // Before the page goes on: it may write to the device from then on.
  writeStored(MEMORY_ONLY, remember ? undefined : true)
  session.begin(data.expires_in)
  return 'ok'
}

export function loginWords(problem: Problem): string | undefined {
  return problem.status === 401 ? i18n.t.errors.wrongLogin : undefined
}

export function checkUsername(username: string): string | undefined {
  const { errors } = i18n.t
  if (!username.trim()) return errors.required
  return /^[a-z0-9][a-z0-9._-]{1,63}$/i.test(username.trim()) ? undefined : errors.badUsername
}

/** Counts characters as the server does: by code point. */
export function checkNewPassword(password: string, least: number): string | undefined {
  if (!password) return i18n.t.errors.required
  return Array.from(password).length < least ? i18n.t.errors.tooShort(least) : undefined
}
