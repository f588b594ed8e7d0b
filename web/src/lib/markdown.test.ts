import { describe, expect, it } from 'vitest'

import { blocks, checks, flipped, marked, safeHref, unescaped } from './markdown'

describe('links', () => {
  it.each(['https://example.org/a?b=c#d', 'http://example.org/', 'mailto:mira@example.org'])('%s leads there', (href) => {
    expect(safeHref(href)).toBe(href)
  })
  it.each([
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,<script>alert(1)</script>',
    'vbscript:x', 'file:///etc/passwd', 'blob:https://example.org/1', '/app/inbox', '//example.org', 'ftp://example.org', '',
  ])('%j leads nowhere', (href) => {
    expect(safeHref(href)).toBeUndefined()
  })
})

describe('checkboxes', () => {
  const source = [
    '# List', '- [ ] one', '- [x] two', '  1. [ ] two a', '', '```', '- [ ] code', '```', '', '> - [ ] quoted', '', '- [ ] last', '', '  with more', '',
  ].join('\n')
  it('are found in the order in which they are read', () => {
    expect(checks(blocks(source))).toEqual([false, true, false, false, false])
  })
  it.each([[0, '- [x] one'], [1, '- [ ] two'], [2, '  1. [x] two a'], [3, '> - [x] quoted'], [4, '- [x] last']])('number %i alone is flipped', (index, line) => {
    const changed = flipped(source, index)
    expect(changed.split('\n').filter((one, at) => one !== source.split('\n')[at])).toEqual([line])
    expect(flipped(changed, index)).toBe(source)
  })
  it('that are not there change nothing', () => {
    expect(flipped(source, 9)).toBe(source)
    expect(flipped('    - [ ] code', 0)).toBe('    - [ ] code')
  })
})

it('markup stays text', () => {
  const tokens = blocks('<img src=x onerror=alert(1)>\n\na <script>alert(1)</script>')
  expect(tokens.filter((token) => token.type === 'html').map((token) => token.raw)).toEqual(['<img src=x onerror=alert(1)>'])
})

it('reads character references, and leaves alone what is none', () => {
  expect(unescaped('&lt;b&gt; &amp;amp; &#65;&#x42; &nope; AT&T &#0; &#xd800; &#9999999;')).toBe('<b> &amp; AB &nope; AT&T &#0; &#xd800; &#9999999;')
})

it('puts marks around a selection and takes them away', () => {
  expect(marked('say it', 4, 6, '**')).toEqual({ text: 'say **it**', start: 6, end: 8 })
  expect(marked('say **it**', 6, 8, '**')).toEqual({ text: 'say it', start: 4, end: 6 })
})
