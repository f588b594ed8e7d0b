import { newId } from '../lib/ids'
import { sleep } from '../lib/backoff'

import { Problem, SignedOut, Unreachable } from './problem'
import { isDue, nextKey, readRecord, renewed, writeRecord, type SessionRecord } from './session-record'

export type SessionState = 'none' | 'live' | 'ended'

/** What the tabs tell each other; times and markers only. */
type News = { kind: 'renewed'; epoch: string; expiresAt: number } | { kind: 'ended' } | { kind: 'signed-out' }

const LOCK = 'tm.session'
const TIMEOUT = 20_000

/**
 * The session of this browser, as one tab sees it. `fetch` sends a request under it: it refreshes first when the access
 * token is about to expire, once more when the server says 401, and where the session is really over it holds the request
 * until somebody has signed in again. However many tabs ask at once, one refresh goes out.
 */
export class Session {
  state: SessionState = readRecord() ? 'live' : 'none'
  /** Called on every change of `state`, and with 'live' again when another tab has signed in. */
  onChange: (state: SessionState) => void = () => undefined

  readonly #share = Math.random()
  readonly #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('tm.session') : undefined
  #flight: Promise<void> | undefined
  #leaving: Promise<unknown> = Promise.resolve()
  #firstOfPage = true
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = []

  constructor() {
    this.#channel?.addEventListener('message', (event: MessageEvent<News>) => this.#hear(event.data))
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    for (;;) {
      await this.#untilLive()
      const before = readRecord()
      if (before && isDue(before, this.#share) && !(await this.#refresh(before.epoch))) continue
      // A refresh may have come from another tab meanwhile: the epoch sent under is the one to compare with.
      const epoch = readRecord()?.epoch ?? ''
      const response = await send(request.clone())
      if (response.status !== 401) return response
      if (!(await this.#refresh(epoch))) continue
      const again = await send(request.clone())
      if (again.status !== 401) return again
      // Refreshed and refused all the same: this session is of no use.
      this.#end()
    }
  }

  /** After a sign-in whose answer said that the access token lives `expiresIn` seconds. */
  begin(expiresIn: number): void {
    this.#renew(renewed(newId(), expiresIn))
    this.#set('live')
  }

  /** Gives up a session that turned out to be over before anything was shown of it. */
  forget(): void {
    writeRecord(undefined)
    this.state = 'none'
    for (const { reject } of this.#waiting.splice(0)) reject(new SignedOut('The session has ended.'))
  }

  /**
   * Ends the session on the server, then in every tab. Waits for a refresh under way, so that none comes after it; requests
   * that begin meanwhile wait for what comes of it.
   */
  async signOut(): Promise<void> {
    const over = locked(async () => {
      const response = await send(jsonPost('/logout', {}))
      if (!response.ok && response.status !== 401) throw Problem.of(await bodyOf(response), response)
      writeRecord(undefined)
      this.#channel?.postMessage({ kind: 'signed-out' } satisfies News)
      this.#leave()
    })
    this.#leaving = over.catch(() => undefined)
    await over
  }

  /** Gives false when the session turned out to be over. */
  async #refresh(seen: string): Promise<boolean> {
    this.#flight ??= locked(() => this.#refreshOnce(seen)).finally(() => (this.#flight = undefined))
    await this.#flight
    return this.state === 'live'
  }

  async #refreshOnce(seen: string): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const record = readRecord()
      if (!record) {
        this.#leave()
        return
      }
      // Another tab refreshed while this one waited for the lock.
      if (record.epoch !== seen) return
      const key = nextKey(record, this.#firstOfPage)
      writeRecord({ ...record, key, answered: false })
      const response = await send(jsonPost('/refresh', {}, key))
      const body = await bodyOf(response)
      if (response.ok) {
        this.#firstOfPage = false
        this.#renew(renewed(key, (body as { expires_in: number }).expires_in))
        return
      }
      const problem = Problem.of(body, response)
      if (response.status !== 401) throw problem
      if (problem.code !== 'refresh_token_used') {
        this.#end()
        return
      }
      // Somebody else with this cookie was quicker and the session lives; the cookie of theirs arrives any moment.
      await sleep(300 * (attempt + 1))
    }
    throw new Unreachable('The session could not be renewed.')
  }

  #renew(record: SessionRecord): void {
    writeRecord(record)
    this.#channel?.postMessage({ kind: 'renewed', epoch: record.epoch, expiresAt: record.expiresAt } satisfies News)
  }

  #hear(news: News): void {
    if (news.kind === 'signed-out') this.#leave()
    else if (news.kind === 'ended' && this.state === 'live') this.#set('ended')
    else if (news.kind === 'renewed' && this.state !== 'live') this.#set('live')
  }

  #end(): void {
    if (this.state === 'ended') return
    this.#set('ended')
    this.#channel?.postMessage({ kind: 'ended' } satisfies News)
  }

  #leave(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new SignedOut('Signed out.'))
    this.#set('none')
  }

  #set(state: SessionState): void {
    this.state = state
    if (state === 'live') for (const { resolve } of this.#waiting.splice(0)) resolve()
    this.onChange(state)
  }

  async #untilLive(): Promise<void> {
    await this.#leaving
    if (this.state === 'live') return
    if (this.state === 'none') throw new SignedOut('Signed out.')
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }
}

/** Sends a request as it is; every failure to get an answer is `Unreachable`. */
export async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(TIMEOUT) })
  } catch (error) {
    throw new Unreachable('No answer came.', { cause: error })
  }
}

function jsonPost(path: string, body: unknown, key?: string): Request {
  const headers = { 'Content-Type': 'application/json', 'X-TM-Client': 'web', ...(key ? { 'Idempotency-Key': key } : {}) }
  return new Request(path, { method: 'POST', headers, body: JSON.stringify(body), credentials: 'same-origin' })
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return undefined
  }
}

/** One tab at a time. Web Locks exist in secure contexts only; elsewhere the cookies do not stick either. */
async function locked(work: () => Promise<void>): Promise<void> {
  if ('locks' in navigator) await navigator.locks.request(LOCK, work)
  else await work()
}
