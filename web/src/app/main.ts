import { mount } from 'svelte'

import '../styles/base.css'
import App from './App.svelte'

const place = document.querySelector('#app')
if (place) {
  place.replaceChildren()
  mount(App, { target: place })
}
