import { admin } from '../../lib/i18n/en/admin'
import { i18n } from '../../lib/i18n/index.svelte'

/** The words of these screens, in the language of the reader. */
export const words = () => i18n.of('admin', admin)
