import { escapeHtml, inlineSource } from '../html.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 24rem; margin: 12vh auto 0; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .6rem .7rem; font: inherit; font-family: ui-monospace, monospace; }
button, .button { display: inline-block; margin-top: 1rem; padding: .6rem 1.1rem; font: inherit; cursor: pointer; }
.failure { margin-top: 1rem; padding: .6rem .8rem; border-left: .25rem solid #c62828; }
.quiet { opacity: .8; font-size: .9rem; }
:focus-visible { outline: .15rem solid Highlight; outline-offset: .15rem; }
[hidden] { display: none; }
`;

/** The script comes from this server, nothing is inline but the style, and no form is sent by itself: a key must not end up in an address. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${inlineSource(STYLE)}`,
  "script-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export interface LoginPage {
  /** Where the person continues: a path of this server. */
  readonly next: string;
  readonly providers: readonly { readonly id: string; readonly name: string }[];
  /** Why a login failed, as a sentence. */
  readonly problem?: string | undefined;
}

/** The page on which people log in. Its addresses are relative: a proxy may publish the server below a path. */
export function renderLogin({ next, providers, problem }: LoginPage): string {
  const buttons = (verb: string) =>
    providers
      .map(({ id, name }) => {
        const data = `data-provider="${escapeHtml(id)}" data-for="${verb === 'Connect' ? 'connect' : 'login'}"`;
        return `<button type="button" ${data}>${verb} ${escapeHtml(name)}</button>`;
      })
      .join('\n');
  const failure = problem === undefined ? ' hidden>' : `>${escapeHtml(problem)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>Log in – OpenSync</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<script type="module" src="login.js"></script>
</head>
<body data-next="${escapeHtml(next)}">
<main>
<h1>Log in to OpenSync</h1>
<noscript><p class="failure">This page needs JavaScript.</p></noscript>
<div id="log-in" data-part>
${buttons('Log in with')}
<form id="with-key">
<label for="key">API key</label>
<input id="key" type="password" required autocomplete="current-password" spellcheck="false" placeholder="osk_…" aria-describedby="about-key">
<p id="about-key" class="quiet">The first start of the server stores a key for this in <code>admin-key</code>, in its data folder. Others ask an admin for a key, or for a link: <code>opensync users login-link</code></p>
<button>Log in</button>
</form>
</div>
<section id="invited" data-part hidden>
<p>You are invited to <b id="workspace"></b> as <b id="role"></b>.</p>
${buttons('Accept with')}
<button id="accept" type="button">Accept</button>
<p id="about-accept" class="quiet"></p>
</section>
<section id="with-link" data-part hidden>
<p>This link logs you in once.</p>
<button id="use-link" type="button">Log in</button>
</section>
<section id="logged-in" data-part hidden>
<p>You are logged in: <b id="who"></b></p>
<a id="continue" class="button" href="../">Continue</a>
<button id="log-out" type="button">Log out</button>
${buttons('Connect')}
</section>
<p id="failure" class="failure" role="alert"${failure}</p>
</main>
</body>
</html>
`;
}
