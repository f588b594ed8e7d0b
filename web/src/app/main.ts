import { mount } from 'svelte'

import '../styles/base.css'
import { i18n } from '../lib/i18n/index.svelte'
import App from './App.svelte'

const place = document.querySelector('#app')
// In the reader's language from the first word on; English is here already.
void i18n.start().then(() => {
  if (!place) return
  place.replaceChildren()
  mount(App, { target: place })
})
// After the first rows: nothing waits for it.
window.addEventListener('load', () => setTimeout(() => void import('./worker').then(({ startWorker }) => startWorker()).catch(() => undefined), 1_000))
