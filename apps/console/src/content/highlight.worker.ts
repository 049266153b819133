import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import type { HighlightRequest, HighlightResult, Token } from './highlight.ts';

const LANGUAGES = { bash, css, diff, go, java, json, markdown, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(['js', 'javascript', 'jsx', 'tsx', 'mjs'], { languageName: 'typescript' });
hljs.registerAliases(['svelte', 'vue'], { languageName: 'xml' });

interface TreeNode {
  readonly scope?: string;
  readonly children: readonly (TreeNode | string)[];
}

self.onmessage = ({ data: { id, code, language } }: MessageEvent<HighlightRequest>) => {
  const tokens: Token[] = [];
  if (hljs.getLanguage(language)) {
    const { _emitter } = hljs.highlight(code, { language, ignoreIllegals: true });
    // The tree that its HTML would be written from.
    collect((_emitter as unknown as { rootNode: TreeNode }).rootNode, undefined, tokens);
  }
  self.postMessage({ id, tokens } satisfies HighlightResult);
};

function collect(node: TreeNode, outer: string | undefined, tokens: Token[]): void {
  const scope = node.scope?.split('.')[0] ?? outer;
  for (const child of node.children) {
    if (typeof child !== 'string') collect(child, scope, tokens);
    else if (child !== '') tokens.push([child, scope]);
  }
}
