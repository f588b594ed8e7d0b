import { answered, api } from '../../api/client'
import type { QuickLine, QuickPreview, Recurrence } from '../../api/types'
import type { Due } from '../../lib/due'

/** How the server understands lines as they are typed: the only grammar there is. */
export async function readLines(text: string): Promise<QuickPreview> {
  const { data } = await answered(api.POST('/quick-add', { body: { text, dry_run: true, create_missing: false } }))
  // A dry run answers 200, which has this form.
  return data as unknown as QuickPreview
}

const readOne = async (words: string): Promise<QuickLine['task']> => (await readLines(`x ${words.replaceAll('\n', ' ')}`)).task

/** A day or time in words; nothing where they say none. */
export async function readDue(words: string): Promise<Due | undefined> {
  return (await readOne(words)).due ?? undefined
}

/** How often, in words; nothing where they do not say it. */
export async function readRecurrence(words: string): Promise<Recurrence | undefined> {
  return (await readOne(words)).recurrence ?? undefined
}
