/**
 * The script of the login page, served from its own address. A link's token stays in the fragment, which browsers send to no
 * server, until the person presses the button: what only previews the link does not use it up.
 */
export const SCRIPT = `
const find = (id) => document.getElementById(id);
const failure = find('failure');
const next = document.body.dataset.next;
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (location.hash) history.replaceState(null, '', location.pathname + location.search);

function show(id) {
  for (const part of document.querySelectorAll('[data-part]')) part.hidden = part.id !== id;
}
function fail(message) {
  failure.textContent = message;
  failure.hidden = false;
}
async function send(path, options) {
  failure.hidden = true;
  let answer;
  try {
    answer = await fetch(path, { cache: 'no-store', ...options });
  } catch {
    return fail('The server cannot be reached. Try again.');
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  fail(body.error ? body.error.message : 'The server answered ' + answer.status + '.');
}
const post = (path, headers, body) =>
  send(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

find('with-key').addEventListener('submit', async (event) => {
  event.preventDefault();
  const key = find('key').value.trim();
  if (await post('/auth/login/key', { authorization: 'Bearer ' + key }, {})) location.assign(next);
});
find('use-link').addEventListener('click', async () => {
  if (await post('/auth/login/link', {}, { token })) location.assign(next);
  else show('with-key');
});
let csrf = '';
find('log-out').addEventListener('click', async () => {
  if (await post('/auth/logout', { 'x-csrf-token': csrf }, {})) show('with-key');
});

if (token) show('with-link');
else {
  const answer = await fetch('/auth/session', { cache: 'no-store' }).catch(() => undefined);
  if (answer && answer.ok) {
    const session = await answer.json();
    csrf = session.csrfToken;
    find('who').textContent = (session.user.email || session.user.id) + ', ' + session.role;
    find('continue').href = next;
    show('logged-in');
  }
}
`;
