import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { Plugin } from 'vite'

/** Writes the service worker with the names of all files of this build; another build is another worker. */
export function serviceWorker(): Plugin {
  const source = readFileSync(new URL('./sw.js', import.meta.url), 'utf8')
  return {
    name: 'service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle).filter((name) => name.startsWith('assets/')).sort()
      const build = createHash('sha256').update(source).update(files.join('\n')).digest('hex').slice(0, 12)
      const list = files.map((name) => JSON.stringify(`/app/${name}`)).join(', ')
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: source.replace('BUILD', build).replace("'FILES'", list) })
    },
  }
}
