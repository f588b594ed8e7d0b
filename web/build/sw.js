// Keeps the application itself for times without a server. What is shown lies in IndexedDB; the API is never answered here.
const NAME = 'tm-shell-BUILD'
const FILES = ['FILES']
const SHELL = '/app/index.html'
const PATIENCE = 4000

self.addEventListener('install', (event) => event.waitUntil(fill()))
self.addEventListener('activate', (event) => event.waitUntil(takeOver()))
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting()
})
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== location.origin || !url.pathname.startsWith('/app/')) return
  if (event.request.mode === 'navigate') event.respondWith(page(event.request))
  else if (url.pathname.startsWith('/app/assets/')) event.respondWith(asset(event.request))
})

async function fill() {
  const cache = await caches.open(NAME)
  await cache.addAll([SHELL, ...FILES])
}

async function takeOver() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith('tm-shell-') && name !== NAME).map((name) => caches.delete(name)))
  await self.clients.claim()
}

// The newest page where the server answers in time, else the one that was kept.
async function page(request) {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) })
    if (response.status < 500) return response
  } catch {
    // No server.
  }
  return (await caches.match(SHELL)) ?? Response.error()
}

// Files under a digest of their content never change. What a browser threw away comes back as it is used.
async function asset(request) {
  const kept = await caches.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) {
    const copy = response.clone()
    void caches.open(NAME).then((cache) => cache.put(request, copy)).catch(() => undefined)
  }
  return response
}
