import { session } from '../api/client'
import { sleep } from '../lib/backoff'
import { i18n } from '../lib/i18n/index.svelte'
import { outbox } from '../sync/outbox.svelte'
import { toasts } from '../ui/toasts.svelte'

/** Signs out here and in all tabs. */
export async function leave(): Promise<void> {
  try {
    // What was just done is on its way.
    await Promise.race([outbox.idle(), sleep(3_000)])
    await session.signOut()
  } catch {
    toasts.problem(i18n.t.auth.signOutFailed)
  }
}
