import { describe, expect, it } from 'vitest'

import { Overlay } from './overlay'

interface Item {
  id: string
  title: string
  done: boolean
  version: number
}

const milk: Item = { id: '1', title: 'Milk', done: false, version: 1 }

function filled(): Overlay<Item> {
  const overlay = new Overlay<Item>()
  overlay.put(milk)
  return overlay
}

describe('pending changes', () => {
  it('show at once and lie on top of newer answers', () => {
    const overlay = filled()
    overlay.add({ id: '1', fields: { title: 'Oat milk' } })
    expect(overlay.get('1')).toEqual({ ...milk, title: 'Oat milk' })
    overlay.put({ ...milk, done: true, version: 2 })
    expect(overlay.get('1')).toEqual({ id: '1', title: 'Oat milk', done: true, version: 2 })
  })

  it('roll back alone: an earlier refusal keeps a later change', () => {
    const overlay = filled()
    const rename = { id: '1', fields: { title: 'Oat milk' } }
    overlay.add(rename)
    overlay.add({ id: '1', fields: { done: true } })
    overlay.drop(rename)
    expect(overlay.get('1')).toEqual({ ...milk, done: true })
  })

  it('become the truth when the server answers without a body', () => {
    const overlay = filled()
    const change = { id: '1', fields: { done: true } }
    overlay.add(change)
    overlay.settle(change)
    expect(overlay.get('1')?.done).toBe(true)
    overlay.remove('1')
    expect(overlay.get('1')).toBeUndefined()
  })
})

it('ignores an answer that a newer one overtook', () => {
  const overlay = filled()
  overlay.put({ ...milk, title: 'Oat milk', version: 3 })
  overlay.put({ ...milk, title: 'Soy milk', version: 2 })
  expect(overlay.known('1')?.title).toBe('Oat milk')
})

describe('a created item', () => {
  it('is there before the server knows it, can be changed, and goes when refused', () => {
    const overlay = new Overlay<Item>()
    const create = { id: '2', create: { id: '2', title: 'Tea', done: false, version: 1 } }
    overlay.add(create)
    overlay.add({ id: '2', fields: { done: true } })
    expect(overlay.get('2')).toEqual({ id: '2', title: 'Tea', done: true, version: 1 })
    overlay.settle(create, { id: '2', title: 'Tea', done: false, version: 1 })
    expect(overlay.get('2')?.done).toBe(true)
    const other = { id: '3', create: { id: '3', title: 'Jam', done: false, version: 1 } }
    overlay.add(other)
    overlay.drop(other)
    expect(overlay.get('3')).toBeUndefined()
  })
})
