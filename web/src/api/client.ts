import createClient from 'openapi-fetch'

import { Problem } from './problem'
import type { paths } from './schema.gen'
import { send, Session } from './session'

const headers = { 'X-TM-Client': 'web' }

export const session = new Session()

/** Requests under the session. */
export const api = createClient<paths>({ fetch: session.fetch, headers, credentials: 'same-origin' })

/** Requests of somebody who is not signed in; a 401 is an answer here, not the end of a session. */
export const anonymous = createClient<paths>({ fetch: send, headers, credentials: 'same-origin' })

/** Gives the data of a successful answer together with the answer, and throws `Problem` for a refusal. */
export async function answered<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<{ data: Data; response: Response }> {
  const { data, error, response } = await call
  if (!response.ok) throw Problem.of(error, response)
  return { data: data as Data, response }
}

/** A write as data, so that it can be kept and sent later. Gives the JSON of the answer, undefined where there is none. */
export async function write(
  method: string, path: string, body: unknown, more: Record<string, string>,
): Promise<{ data: unknown; response: Response }> {
  const type = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const init = { method, headers: { ...headers, ...type, ...more }, credentials: 'same-origin' as const }
  const response = await session.fetch(new Request(path, body === undefined ? init : { ...init, body: JSON.stringify(body) }))
  const text = await response.text()
  const data: unknown = response.headers.get('Content-Type')?.includes('json') && text ? JSON.parse(text) : undefined
  if (!response.ok) throw Problem.of(data, response)
  return { data, response }
}
