import type { DocPage } from './pages.ts';

/** The list of pages for agents, in the form of llmstxt.org: what the project is, then links to Markdown. Pure. */
export function llmsText(pages: readonly DocPage[]): string {
  const line = ({ slug, title, summary }: DocPage) =>
    `- [${title}](docs/${slug}.md)${summary === '' ? '' : `: ${summary}`}`;
  const isDecision = ({ slug }: DocPage) => slug.includes('/');
  return `# OpenSync

> Keeps the AI coding sessions of a team, and finds them again by their words and by their meaning. This server has an HTTP API.

- [OpenAPI document](openapi.json): every route with its parameters and answers
- Search these pages: \`GET /docs/search?q=…\` with \`Authorization: Bearer osk_…\`

## Documentation

${pages
  .filter((page) => !isDecision(page))
  .map(line)
  .join('\n')}

## Optional

${pages.filter(isDecision).map(line).join('\n')}
`;
}
