import { escapeHtml, inlineSource } from '../html.ts';
import { AGENTS, type Agent } from './agents.ts';
import { SCRIPT } from './page.script.ts';
import { STYLE } from './page.style.ts';

export interface HomeFacts {
  /** The address of this server as its caller reaches it. */
  readonly url: string;
  readonly version: string;
  /** What `/readyz` answers. */
  readonly status: string;
  readonly parts: Readonly<Record<string, string>>;
}

/** Only this page's own style and script, by their digests, and requests to this server. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${inlineSource(STYLE)}`,
  `script-src ${inlineSource(SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const NAMES: Readonly<Record<string, string>> = {
  ok: 'Healthy',
  degraded: 'Works in part',
  down: 'Not ready',
  stopping: 'Stopping',
};

/** The page for a browser that opens the server's address. */
export function renderHome({ url, version, status, parts }: HomeFacts): string {
  const state = status in NAMES ? status : 'down';
  const items = Object.entries(parts).map(
    ([name, value]) => `<li>${escapeHtml(name)} <b data-state="${escapeHtml(value)}">${escapeHtml(value)}</b></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>OpenSync</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>OpenSync</h1><span id="state" class="state" role="status" data-state="${state}">${NAMES[state]}</span></header>
<ul id="parts" class="parts">${items.join('')}</ul>
<p>This server keeps the AI coding sessions of a team and finds them again, by their words and by their meaning. Agents send their sessions here as they work.</p>

<h2>Connect an agent</h2>
<p>The address of this server is <code>${escapeHtml(url)}</code>. If a plugin asks for a <q>Convex URL</q>, give it this address.</p>
<p>Each person and machine needs an API key. The first start makes one for plugins; this command, on the machine of the server, makes another one:</p>
${block('opensync keys create --user you@example.com --name laptop')}
<p class="quiet">If your shell does not find it: each start of the server prints where it is. In Docker Compose: <code>docker compose run --rm cli keys create …</code></p>
${AGENTS.map((agent, index) => renderAgent(agent, url, index === 0)).join('\n')}
<details name="agent"><summary>Any other client</summary><div>
${block(requests(url).write)}
</div></details>

<h2>Find sessions</h2>
${block(requests(url).read)}
<footer class="quiet">OpenSync ${escapeHtml(version)} · <a href="readyz">State as JSON</a></footer>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function renderAgent({ name, plugin, repository, intro, commands }: Agent, url: string, open: boolean): string {
  const link = `<a href="${escapeHtml(repository)}" rel="noopener noreferrer">${escapeHtml(plugin)}</a>`;
  return `<details name="agent"${open ? ' open' : ''}><summary>${escapeHtml(name)}</summary><div>
<p>${escapeHtml(intro).replace(plugin, link)}</p>
${block(commands(url))}
</div></details>`;
}

function requests(url: string) {
  const key = "-H 'Authorization: Bearer osk_…'";
  return {
    write: `curl ${url}/sync/message ${key} \\
  -H 'Content-Type: application/json' \\
  -d '{"sessionExternalId": "one", "externalId": "1", "role": "user", "textContent": "Hello"}'`,
    read: `curl '${url}/api/search?q=flaky+login+test&type=hybrid' ${key}
curl '${url}/api/sessions' ${key}`,
  };
}

/** Commands with a button to copy them. */
function block(commands: string): string {
  return `<div class="block"><pre>${escapeHtml(commands)}</pre></div>`;
}
