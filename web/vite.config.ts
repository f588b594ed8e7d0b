import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

import { compress } from './build/compress.ts'
import { serviceWorker } from './build/service-worker.ts'
import { themeScript } from './build/theme-script.ts'

export default defineConfig({
  base: '/app/',
  plugins: [svelte(), themeScript(), serviceWorker(), compress()],
  build: {
    // The content security policy refuses `data:` fonts and scripts, and the browsers aimed at need no preload polyfill.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome111', 'firefox115', 'safari16.4'],
    reportCompressedSize: false,
  },
  server: {
    // `npm run dev` beside a server on its usual port; the browser talks to one origin, as in production.
    proxy: { '^/(?!app/)': { target: 'http://127.0.0.1:5000' } },
  },
  test: { include: ['src/**/*.test.ts', 'build/**/*.test.ts'], environment: 'node' },
})
