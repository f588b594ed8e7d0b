import { mount } from 'svelte'

import '../styles/base.css'
import App from './App.svelte'

const place = document.querySelector('#app')
if (place) {
  place.replaceChildren()
  mount(App, { target: place })
}
// After the first rows: nothing waits for it.
window.addEventListener('load', () => setTimeout(() => void import('./worker').then(({ startWorker }) => startWorker()).catch(() => undefined), 1_000))
