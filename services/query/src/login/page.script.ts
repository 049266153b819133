/**
 * The script of the login page, served from its own address. A link's token stays in the fragment, which browsers send to no
 * server, until the person presses the button: what only previews the link does not use it up.
 */
export const SCRIPT = `
const find = (id) => document.getElementById(id);
const failure = find('failure');
// The page is at auth/login, below whatever path a proxy publishes the server under.
const at = (path) => new URL('..' + path, location.href).pathname;
const next = document.body.dataset.next;
const fragment = new URLSearchParams(location.hash.slice(1));
const token = fragment.get('token');
const invitation = fragment.get('invitation');
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
    answer = await fetch(at(path), { cache: 'no-store', ...options });
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
  else show('log-in');
});
let csrf = '';
find('log-out').addEventListener('click', async () => {
  const answer = await post('/auth/logout', { 'x-csrf-token': csrf }, {});
  if (answer && answer.redirect) location.assign(answer.redirect);
  else if (answer) show('log-in');
});
for (const button of document.querySelectorAll('[data-provider]')) {
  button.addEventListener('click', async () => {
    const connects = button.dataset.for === 'connect';
    const body = { provider: button.dataset.provider, return: next, ...(!connects && invitation && { invitation }) };
    const path = connects ? '/auth/connect' : '/auth/login/provider';
    const answer = await post(path, csrf ? { 'x-csrf-token': csrf } : {}, body);
    if (answer) location.assign(answer.url);
  });
}
find('accept').addEventListener('click', async () => {
  const path = csrf ? '/auth/invitation/join' : '/auth/login/invitation';
  if (await post(path, csrf ? { 'x-csrf-token': csrf } : {}, { token: invitation })) location.assign(next);
});

async function whoIsLoggedIn() {
  const answer = await fetch(at('/auth/session'), { cache: 'no-store' }).catch(() => undefined);
  if (!answer || !answer.ok) return;
  const session = await answer.json();
  csrf = session.csrfToken;
  return session.user.email || session.user.name || session.user.id;
}

if (token) show('with-link');
else {
  const who = await whoIsLoggedIn();
  const invited = invitation && (await post('/auth/invitation', {}, { token: invitation }));
  if (invited) {
    find('workspace').textContent = invited.workspace.name || invited.workspace.id;
    find('role').textContent = invited.role;
    // Without a login it shows no address; at a provider there is one.
    find('accept').hidden = !who && document.querySelector('[data-provider]') !== null;
    find('about-accept').textContent = who
      ? 'You are logged in as ' + who + '.'
      : 'If you have an account here already, log in first, then open the invitation again.';
    show('invited');
  } else if (who) {
    find('who').textContent = who;
    find('continue').href = next;
    show('logged-in');
  }
}
`;
