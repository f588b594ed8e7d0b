const NAME = 'tm.reloaded-at'
const MINUTE = 60_000

/** Loads the page anew, but not a second time within a minute: then gives false. */
export function reloadOnce(): boolean {
  try {
    const last = Number(sessionStorage.getItem(NAME))
    if (!navigator.onLine || Date.now() - last < MINUTE) return false
    sessionStorage.setItem(NAME, String(Date.now()))
  } catch {
    return false
  }
  location.reload()
  return true
}
