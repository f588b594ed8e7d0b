import { i18n } from '../lib/i18n/index.svelte'
import { toasts } from '../ui/toasts.svelte'

/** The one script that a worker may be made of (Trusted Types); the policy of the page names this policy. */
const SCRIPT = '/app/sw.js'
const HOUR = 3_600_000

interface Policies {
  createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => { createScriptURL: (url: string) => string }
}

/** Lets the application open without a server, and says when there is a newer one. Never reloads by itself. */
export async function startWorker(): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  const policies = (window as { trustedTypes?: Policies }).trustedTypes
  const script = policies?.createPolicy('tm-sw', { createScriptURL: () => SCRIPT }).createScriptURL(SCRIPT) ?? SCRIPT
  const registration = await navigator.serviceWorker.register(script, { scope: '/app/' })
  const look = () => void registration.update().catch(() => undefined)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look())
  setInterval(look, HOUR)
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const fresh = registration.installing
    fresh?.addEventListener('statechange', () => {
      if (fresh.state === 'installed' && navigator.serviceWorker.controller) offer(fresh)
    })
  })
}

function offer(worker: ServiceWorker): void {
  toasts.news(i18n.t.status.newVersion, {
    label: i18n.t.status.reload,
    run: () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
      worker.postMessage('take-over')
    },
  })
}
