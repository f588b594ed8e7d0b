import { expect, it } from 'vitest'

import { panel } from './i18n/en/panel'
import { ruleText } from './recurrence'

it.each([
  ['FREQ=DAILY', 'Every day'],
  ['FREQ=WEEKLY;INTERVAL=2', 'Every 2 weeks'],
  ['FREQ=WEEKLY;BYDAY=MO,TH', 'Every week on Monday and Thursday'],
  ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'Every weekday'],
  ['FREQ=MONTHLY;BYMONTHDAY=15', 'Every month on day 15'],
  ['FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1', 'Every month on the last day'],
  ['FREQ=MONTHLY;BYDAY=2FR', 'FREQ=MONTHLY;BYDAY=2FR'],
  ['FREQ=DAILY;COUNT=3', 'FREQ=DAILY;COUNT=3'],
  ['FREQ=SECONDLY', 'FREQ=SECONDLY'],
])('%s', (rule, text) => {
  expect(ruleText(rule, panel.rule, 'en-GB')).toBe(text)
})
