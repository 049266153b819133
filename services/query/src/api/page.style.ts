/** The style of the page, inline: it loads nothing. Colours have a contrast of at least 4.5 to 1, light and dark. */
export const API_PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --text: #1f1d1a; --quiet: #655f57; --line: #e3ded6; --accent: #8a4b12; --code: #f4f1ec;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #171614; --text: #ece8e2; --quiet: #a69f95; --line: #37332f; --accent: #e5a66a; --code: #292623; }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif;
  display: grid; grid-template-columns: minmax(0, 19rem) minmax(0, 60rem); gap: 2rem; padding: 1.5rem;
}
nav { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); overflow: auto; font-size: 14px; }
nav ul { list-style: none; margin: .4rem 0; padding-left: .8rem; }
a { color: var(--accent); }
h1 { margin-top: 0; line-height: 1.2; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h2, nav > ul > li { text-transform: capitalize; }
nav li li { text-transform: none; }
h3 { margin: 2rem 0 .3rem; font-weight: 500; }
article { scroll-margin-top: 1rem; }
code { background: var(--code); border-radius: 4px; padding: .1em .3em; font-size: .92em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th, i { color: var(--quiet); font-weight: 500; }
td:last-child { min-width: 14rem; }
@media (max-width: 60rem) { body { grid-template-columns: minmax(0, 1fr); } nav { position: static; max-height: none; } }
`;
