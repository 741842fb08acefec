// Runs in the browser: puts what the server sends in the place of what is shown, and lets clocks tick.
const connection = document.getElementById('connection')
const clockMs = 1000

function replacePart(id, markup) {
  const part = document.getElementById(id)
  if (part === null || part.innerHTML === markup) return
  const open = new Set([...part.querySelectorAll('details[open]')].map((each) => each.id))
  const focused = part.contains(document.activeElement) ? document.activeElement.id : ''
  // The server escapes everything in it.
  part.innerHTML = markup
  for (const each of part.querySelectorAll('details')) if (open.has(each.id)) each.open = true
  if (focused !== '') document.getElementById(focused)?.focus()
}

function showConnection(isOpen) {
  connection.hidden = isOpen
}

function tick() {
  for (const clock of document.querySelectorAll('time[data-since]')) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dateTime)) / clockMs))
    const minutes = Math.floor(seconds / 60)
    clock.textContent = minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`
  }
}

const source = new EventSource('events')
source.addEventListener('open', () => showConnection(true))
source.addEventListener('error', () => showConnection(false))
source.addEventListener('parts', ({ data }) => {
  for (const [id, markup] of Object.entries(JSON.parse(data))) replacePart(id, markup)
  tick()
  const { ready } = document.getElementById('headline').firstElementChild.dataset
  document.title = document.title.replace(/^\S+/, ready === 'true' ? '✓' : '…')
})

tick()
setInterval(tick, clockMs)
