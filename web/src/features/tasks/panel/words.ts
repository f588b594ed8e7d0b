import { panel } from '../../../lib/i18n/en/panel'
import { i18n } from '../../../lib/i18n/index.svelte'

/** The words of the panel, in the language of the reader; they come with it. */
export const words = () => i18n.of('panel', panel)
