import { newId } from '../lib/ids'
import { readStored, writeStored } from '../lib/storage'

/**
 * What the tabs of one browser share about the session. It holds no token: those live in cookies that no script reads.
 */
export interface SessionRecord {
  /** Changes with every sign-in and every refresh, so that a tab sees that another one was quicker. */
  epoch: string
  /** When the access token expires, in milliseconds since 1970 by this device's clock. */
  expiresAt: number
  /** Life of an access token in milliseconds. */
  life: number
  /** The Idempotency-Key of the latest refresh. */
  key: string
  /** Whether the answer of that refresh arrived. */
  answered: boolean
}

const NAME = 'tm.session'

export function readRecord(): SessionRecord | undefined {
  const value = readStored(NAME) as Partial<SessionRecord> | undefined
  if (typeof value?.epoch !== 'string' || typeof value.key !== 'string') return undefined
  return {
    epoch: value.epoch,
    key: value.key,
    expiresAt: Number(value.expiresAt) || 0,
    life: Number(value.life) || 0,
    answered: value.answered === true,
  }
}

export function writeRecord(record: SessionRecord | undefined): void {
  writeStored(NAME, record)
}

/** The record after a sign-in or a refresh whose answer says how many seconds the access token lives. */
export function renewed(key: string, expiresIn: number, now = Date.now()): SessionRecord {
  return { epoch: newId(now), expiresAt: now + expiresIn * 1000, life: expiresIn * 1000, key, answered: true }
}

/**
 * The Idempotency-Key for the next refresh. A refresh whose answer was lost is repeated under its own key, and the first
 * one of a page always is: after a crash the browser may hold the cookie of before the latest refresh, and only the key
 * of that refresh brings back its successor.
 */
export function nextKey(record: SessionRecord, firstOfPage: boolean): string {
  return firstOfPage || !record.answered ? record.key : newId()
}

/** Whether to refresh before sending. `share` in [0, 1) spreads the tabs and devices over the last part of the life. */
export function isDue(record: SessionRecord, share: number, now = Date.now()): boolean {
  const margin = Math.min(30_000, record.life / 10)
  return now >= record.expiresAt - margin * (1 + share)
}
