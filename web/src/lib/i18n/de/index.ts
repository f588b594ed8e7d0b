import type { Translation } from '../translation'

import { later } from './later'
import { main } from './main'

export const german: Translation = { main, later }
