import { session } from '../api/client'
import { i18n } from '../lib/i18n/index.svelte'
import { toasts } from '../ui/toasts.svelte'

/** Signs out here and in all tabs. */
export async function leave(): Promise<void> {
  try {
    await session.signOut()
  } catch {
    toasts.problem(i18n.t.auth.signOutFailed)
  }
}
