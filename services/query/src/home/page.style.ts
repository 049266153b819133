/** The style of the page, inline: it loads nothing. Colours have a contrast of at least 4.5 to 1, light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #ffffff; --text: #1f1d1a; --quiet: #655f57; --line: #e3ded6; --accent: #8a4b12;
  --ok: #1b6e3c; --warn: #8a5a00; --bad: #a8271c; --code: #f4f1ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #171614; --card: #201e1c; --text: #ece8e2; --quiet: #a69f95; --line: #37332f; --accent: #e5a66a;
    --ok: #6fce97; --warn: #e3b45c; --bad: #f1897e; --code: #292623;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; -webkit-text-size-adjust: 100%;
}
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -.01em; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.125rem; }
p { margin: .75rem 0; }
a { color: var(--accent); text-underline-offset: .15em; }
.quiet { color: var(--quiet); }
.state { display: inline-flex; align-items: center; gap: .45rem; padding: .15rem .7rem; border: 1px solid; border-radius: 2rem; font-size: .9rem; font-weight: 600; }
.state::before { content: ''; width: .55rem; height: .55rem; border-radius: 50%; background: currentColor; }
[data-state=ok], [data-state=up] { color: var(--ok); }
[data-state=degraded] { color: var(--warn); }
[data-state=down], [data-state=stopping], [data-state=unreachable] { color: var(--bad); }
.parts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0 1.5rem; padding: 0; list-style: none; font-size: .9rem; color: var(--quiet); }
.parts b { font-weight: 600; }
.block { display: flex; align-items: flex-start; margin: .75rem 0; background: var(--code); border-radius: .5rem; }
pre { flex: 1; min-width: 0; margin: 0; padding: .8rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; line-height: 1.5; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:not(pre) > code { padding: .1em .35em; background: var(--code); border-radius: .3rem; font-size: .88em; overflow-wrap: anywhere; }
details { margin: .5rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
summary { display: flex; align-items: center; min-height: 2.75rem; padding: 0 1rem; font-weight: 600; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::after { content: '+'; margin-left: auto; color: var(--quiet); font-weight: 400; font-size: 1.2rem; }
details[open] > summary::after { content: '\\2212'; }
details > div { padding: 0 1rem .6rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .3rem; }
button { margin: .5rem .5rem .5rem 0; padding: .25rem .6rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--card); color: var(--quiet); font: inherit; font-size: .8rem; cursor: pointer; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .9rem; }
@media (max-width: 30rem) { main { padding-top: 1.75rem; } }
`;
