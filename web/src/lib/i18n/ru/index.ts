import type { Translation } from '../translation'

import { later } from './later'
import { main } from './main'

export const russian: Translation = { main, later }
