import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

const FOLDER = join(import.meta.dirname, '..')
const SIDED = /(?:margin|padding|border)-(?:left|right)\b|text-align: ?(?:left|right)\b|[{;] ?(?:left|right): (?!50%)[^;{}]*;|float: ?(?:left|right)/

/** What is written between style tags, or in a sheet. */
const stylesOf = (file: string, text: string): string => (file.endsWith('.css') ? text : [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((found) => found[1]).join('\n'))

it('names beginnings and ends instead of left and right, so that everything turns round where writing does', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(svelte|css)$/.test(file))
  expect(files.length).toBeGreaterThan(80)
  const sided = files.filter((file) => SIDED.test(stylesOf(file, readFileSync(join(FOLDER, file), 'utf8'))))
  expect(sided).toEqual([])
  expect(SIDED.test('a { margin-left: 1px; }') && SIDED.test('a { top: 0; left: 0; }') && !SIDED.test('a { left: 50%; }')).toBe(true)
})
