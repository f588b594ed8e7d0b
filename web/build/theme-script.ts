import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { Plugin } from 'vite'

/**
 * Puts the theme's script before everything else in the page. It must run before the first paint, so it is no module
 * (those wait for the document), and it must be a file, because the policy allows nothing inline.
 */
export function themeScript(): Plugin {
  const source = readFileSync(new URL('../src/app/theme-boot.js', import.meta.url), 'utf8').replaceAll(/^\s*\/\/.*\n/gm, '')
  const fileName = `assets/theme-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`
  let base = '/'
  let building = false
  return {
    name: 'theme-script',
    configResolved(config) {
      base = config.base
      building = config.command === 'build'
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source })
    },
    transformIndexHtml() {
      const src = building ? base + fileName : `${base}src/app/theme-boot.js`
      return [{ tag: 'script', attrs: { src }, injectTo: 'head' }]
    },
  }
}
