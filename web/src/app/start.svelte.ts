import { anonymous, answered, session } from '../api/client'
import { isPassing, SignedOut } from '../api/problem'
import type { SessionState } from '../api/session'
import type { SetupState } from '../api/types'
import { i18n } from '../lib/i18n/index.svelte'
import { writeStored } from '../lib/storage'
import { connection } from '../sync/connection.svelte'
import { disk, MEMORY_ONLY } from '../sync/disk'
import { keeper } from '../sync/keeper'
import { live } from '../sync/live.svelte'
import { store } from '../sync/store.svelte'

import { router } from './router.svelte'
import { isPublic } from './routes'

/** Brings the page from nothing to somebody's tasks, and away again when the session ends. */
class Start {
  /** `asking` until it is known who is here; `ready` once the account is loaded. */
  phase = $state<'asking' | 'public' | 'ready' | 'failed'>('asking')
  trouble = $state.raw<unknown>()
  setup = $state.raw<SetupState>()
  session = $state<SessionState>(session.state)
  notice = $state('')
  /** Where somebody wanted to go who had to sign in first. */
  #wanted = '/app/today'
  /** Somebody signs in on this page: what lies on the disk may be another one's. */
  #fresh = session.state !== 'live'

  constructor() {
    session.onChange = (state) => void this.#sessionChanged(state)
    window.addEventListener('pageshow', (event) => {
      if (event.persisted && session.state === 'none') location.reload()
    })
  }

  async run(): Promise<void> {
    this.trouble = undefined
    try {
      // A link with a code is followed even by somebody who is signed in.
      if (session.state === 'live' && !(isPublic(router.route) && router.code)) await this.#open()
      else await this.#ask()
    } catch (error) {
      if (error instanceof SignedOut) return
      this.trouble = error
      this.phase = 'failed'
      if (isPassing(error)) void connection.back().then(() => this.run())
    }
  }

  async toSignIn(notice: string): Promise<void> {
    this.notice = notice
    router.code = ''
    await this.#ask()
    router.go('/app/signin', 'replace')
  }

  /** Away from a link that was followed, to the tasks: at once where somebody is signed in, else through the sign-in page. */
  async enter(): Promise<void> {
    router.code = ''
    router.go('/app/today', 'replace')
    await this.run()
  }

  async #open(): Promise<void> {
    const kept = this.#fresh ? undefined : await disk.load().catch(() => undefined)
    if (kept) store.restore(kept)
    else await store.bootstrap()
    live.onStranger = () => void this.#stranger()
    keeper.start()
    // Before anything is shown: what a closed tab had not sent yet is part of the picture.
    await keeper.adopt()
    live.start()
    if (isPublic(router.route)) router.go(this.#wanted, 'replace')
    this.phase = 'ready'
  }

  /** Nobody is signed in: a new server wants to be set up, every other one a name and a password. */
  async #ask(): Promise<void> {
    this.#fresh = true
    this.setup = (await answered(anonymous.GET('/setup'))).data
    const name = router.route.name
    if (this.setup.setup_required) {
      if (name !== 'setup') router.go('/app/setup', 'replace')
    } else if (name === 'setup' || !isPublic(router.route)) {
      if (name !== 'setup') this.#wanted = router.address
      router.go('/app/signin', 'replace')
    }
    this.phase = 'public'
  }

  async #sessionChanged(state: SessionState): Promise<void> {
    if (state === 'ended' && this.phase !== 'ready') {
      // Nothing is on the page yet that a dialog could keep.
      session.forget()
      this.session = 'none'
      this.notice = i18n.t.auth.expiredNotice
      await this.run()
      return
    }
    this.session = state
    if (state === 'none') {
      // A fresh page holds nothing of the account that left, and neither does this one, which the way back may show again.
      this.phase = 'asking'
      writeStored(MEMORY_ONLY, undefined)
      await disk.wipe()
      location.assign('/app/signin')
    } else if (state === 'ended') {
      // Who ended it elsewhere may have lost this device: what waits to be sent is all that stays on it.
      await disk.forget().catch(() => undefined)
    } else if (this.phase === 'public') {
      // Signed in, by a form of this page or in another tab.
      this.notice = router.code = ''
      await this.run()
    } else if (this.phase === 'ready') {
      if (await store.sameAccount()) keeper.later()
      else await this.#stranger()
    }
  }

  /** Somebody else has signed in: a page of theirs, without anything of the one before. */
  async #stranger(): Promise<void> {
    await disk.forget().catch(() => undefined)
    location.reload()
  }
}

export const start = new Start()
