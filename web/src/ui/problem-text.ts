import { Problem, Unreachable } from '../api/problem'
import { i18n } from '../lib/i18n/index.svelte'

/** What went wrong, in one sentence for the reader. */
export function problemText(error: unknown): string {
  const { errors } = i18n.t
  if (error instanceof Unreachable) return navigator.onLine ? errors.unreachable : errors.offline
  if (!(error instanceof Problem)) return errors.unexpected
  if (error.status === 429) return errors.tooMany(error.retryAfter ?? 60)
  if (error.code === 'cross_site_request') return errors.crossSite
  if (error.status === 412) return errors.changedElsewhere
  if (error.status >= 500 || !error.message) return errors.unexpected
  return error.errors[0]?.message ?? error.message
}
