import { analytics } from '../../lib/i18n/en/analytics'
import { i18n } from '../../lib/i18n/index.svelte'

/** The words of these screens, in the language of the reader. */
export const words = () => i18n.of('analytics', analytics)
