import type { components } from './schema.gen'

type Schemas = components['schemas']

export type Task = Schemas['TaskOut']
export type TaskPage = Schemas['TaskList']
export type Project = Schemas['ProjectOut']
export type Account = Schemas['Account']
export type SetupState = Schemas['SetupState']
