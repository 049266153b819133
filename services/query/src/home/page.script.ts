/**
 * The script of the page, inline. The page works without it; the script keeps the state current, including that of a
 * second service behind the same address, and adds buttons to copy commands.
 */
export const SCRIPT = `
const NAMES = { ok: 'Healthy', degraded: 'Works in part', down: 'Not ready', stopping: 'Stopping', unreachable: 'Not reachable' };
const state = document.getElementById('state');
const parts = document.getElementById('parts');
function show(status, states) {
  if (!NAMES[status]) status = 'down';
  state.dataset.state = status;
  state.textContent = NAMES[status];
  parts.replaceChildren(...Object.entries(states).map(([name, value]) => {
    const item = document.createElement('li');
    const word = document.createElement('b');
    word.dataset.state = value;
    word.textContent = value;
    item.append(name + ' ', word);
    return item;
  }));
}
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch('/readyz', { cache: 'no-store', signal: AbortSignal.timeout(10000) });
    const { status = 'down', parts: states = {} } = await answer.json();
    show(status, states);
  } catch {
    show('unreachable', {});
  }
}
refresh();
setInterval(refresh, 10000);
document.addEventListener('visibilitychange', refresh);
if (navigator.clipboard) {
  for (const block of document.querySelectorAll('.block')) {
    const text = block.textContent;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    block.append(button);
  }
}
`;
