// Runs in the browser: puts what the server sends in the place of what is shown, and lets clocks tick.
const connection = document.getElementById('connection')
const clockMs = 1000
const againMs = 3000

function focusable(part) {
  return [...part.querySelectorAll('a, [tabindex]')]
}

function replacePart(id, markup) {
  const part = document.getElementById(id)
  if (part === null || part.innerHTML === markup) return
  const focused = focusable(part).indexOf(document.activeElement)
  // The server escapes everything in it.
  part.innerHTML = markup
  if (focused !== -1) focusable(part)[focused]?.focus({ preventScroll: true })
}

function tick() {
  for (const clock of document.querySelectorAll('time[data-since]')) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dateTime)) / clockMs))
    const minutes = Math.floor(seconds / 60)
    clock.textContent = minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`
  }
}

function show({ data }) {
  for (const [id, markup] of Object.entries(JSON.parse(data))) replacePart(id, markup)
  tick()
  const { sign } = document.getElementById('headline').firstElementChild.dataset
  document.title = document.title.replace(/^\S+/, sign)
}

function listen() {
  const source = new EventSource('events')
  source.addEventListener('open', () => {
    connection.hidden = true
  })
  source.addEventListener('error', () => {
    connection.hidden = false
    // A browser gives up for good after any answer but a stream: a proxy's while we restart, or that too many pages are open.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, againMs)
  })
  source.addEventListener('parts', show)
}

listen()
tick()
setInterval(tick, clockMs)
