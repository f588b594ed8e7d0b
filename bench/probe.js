// Put into every page before its own scripts: notes when rows are painted, and how long after an event the next paint is.
{
  const seen = { rows: 0, events: [], frames: [], texts: {}, awaited: '' }
  window.seen = seen
  // After the next frame has been painted.
  const painted = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => then(performance.now())
    port2.postMessage(0)
  })
  new MutationObserver(() => {
    if (!seen.rows && document.querySelector('[role=row] .text')) {
      seen.rows = -1
      painted((at) => (seen.rows = at))
    }
    if (seen.awaited && !seen.texts[seen.awaited] && document.querySelector('main')?.textContent.includes(seen.awaited)) {
      const text = seen.awaited
      painted(() => (seen.texts[text] = Date.now()))
    }
  }).observe(document, { childList: true, subtree: true, characterData: true })
  for (const kind of ['keydown', 'click']) {
    addEventListener(kind, (event) => {
      const begun = event.timeStamp
      painted((at) => seen.events.push(at - begun))
    }, { capture: true })
  }
  let last = 0
  const frame = (at) => {
    if (last) seen.frames.push(at - last)
    last = at
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}
