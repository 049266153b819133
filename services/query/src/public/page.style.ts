/** Colours have a contrast of at least 4.5 to 1, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fbfaf8; --card: #fff; --text: #1d1b18; --quiet: #615b53; --line: #e6e2da; --code: #f4f2ee; --accent: #94460f; --answer: #1f5f8b; }
@media (prefers-color-scheme: dark) { :root { --ground: #161513; --card: #1e1c1a; --text: #ece8e1; --quiet: #a8a197; --line: #2e2b27; --code: #121110; --accent: #e8a56a; --answer: #85bce4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.125rem 4rem; }
h1 { margin: 0 0 .25rem; font-size: 1.625rem; line-height: 1.25; letter-spacing: -.015em; }
h2 { margin: 0 0 .4rem; color: var(--answer); font-size: .8125rem; font-weight: 650; }
a { color: var(--accent); }
.about { margin: 0 0 1.5rem; color: var(--quiet); font-size: .9rem; }
article { padding: 1.1rem 0; border-top: 1px solid var(--line); }
.prompt h2 { color: var(--accent); }
.text > :first-child { margin-top: 0; }
.text > :last-child { margin-bottom: 0; }
.text p, .text ul, .text ol, .text pre, .text table, .text blockquote { margin: .7em 0; }
.plain { white-space: pre-wrap; }
pre, code { font-family: ui-monospace, monospace; font-size: .875em; }
pre { padding: .8rem .9rem; border: 1px solid var(--line); border-radius: 6px; background: var(--code); overflow-x: auto; overflow-wrap: normal; }
code:not(pre code) { padding: .1em .3em; border-radius: 4px; background: var(--code); }
blockquote { padding-left: .9em; border-left: 3px solid var(--line); color: var(--quiet); }
table { display: block; border-collapse: collapse; overflow-x: auto; }
th, td { padding: .3em .7em; border: 1px solid var(--line); text-align: left; }
.tools { margin: .6rem 0 0; color: var(--quiet); font-size: .875rem; }
`;
