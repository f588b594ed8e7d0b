import type { components } from './schema.gen'

type Schemas = components['schemas']

export type Task = Schemas['TaskOut']
export type TaskPage = Schemas['TaskList']
export type Project = Schemas['ProjectOut']
export type Account = Schemas['Account']
export type SessionInfo = Schemas['SessionOut']
export type SignIn = Schemas['SignInRecord']
export type Notice = Schemas['NoticeOut']
export type ApiToken = Schemas['ApiTokenOut']
export type ApiTokenMade = Schemas['ApiTokenCreated']
export type Scope = ApiToken['scopes'][number]
export type SetupState = Schemas['SetupState']
