import { readFileSync } from 'node:fs'

import { expect, it } from 'vitest'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

function tokens(selector: string): Record<string, string> {
  const start = css.indexOf('{', css.indexOf(selector)) + 1
  const body = css.slice(start, css.indexOf('}', start))
  return Object.fromEntries([...body.matchAll(/(--[\w-]+|color-scheme): ([^;]+);/g)].map(([, name = '', value = '']) => [name, value]))
}

const light = tokens(':root {')
const dark = tokens(":root[data-theme='dark']")

/** WCAG 2 relative luminance of `#rrggbb`. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

it('gives the chosen and the system dark theme the same values', () => {
  expect(tokens(':root:not([data-theme])')).toEqual(dark)
})

it.each([['light', light], ['dark', dark]])('keeps the contrast WCAG 2.2 AA asks for in the %s theme', (_name, theme) => {
  const low: string[] = []
  const hold = (name: string, ground: string, least: number) => {
    const ratio = contrast(theme[name] ?? '', theme[ground] ?? '')
    if (!(ratio >= least)) low.push(`${name} on ${ground}: ${ratio.toFixed(2)}`)
  }
  for (const ground of ['--bg', '--bg-sub', '--bg-raised', '--bg-hover', '--bg-sel']) {
    for (const text of ['--fg', '--fg-mut', '--fg-faint', '--acc-text', '--danger', '--ok', '--warn']) hold(text, ground, 4.5)
    for (const mark of ['--line-ctl', '--ring', '--p1', '--p2', '--p3', '--p4']) hold(mark, ground, 3)
  }
  for (const fill of ['--acc', '--acc-hover', '--danger-fill']) hold('--on-acc', fill, 4.5)
  expect(low).toEqual([])
})
