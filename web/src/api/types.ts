import type { components } from './schema.gen'

type Schemas = components['schemas']

/** `recurrence` can only be null so far, and the client leaves such fields out of its answers' types. */
export type Task = Omit<Schemas['TaskOut'], 'recurrence'>
export type TaskPage = Omit<Schemas['TaskList'], 'items'> & { items: Task[] }
export type Project = Schemas['ProjectOut']
export type Account = Schemas['Account']
export type SetupState = Schemas['SetupState']
