import { rules as presetRules } from '@secretlint/secretlint-rule-preset-recommend';
import type { Finding } from '../finding.ts';

/** What the rules of secretlint use of its core, which would set all of them up again for each text. */
interface Source {
  readonly content: string;
  readonly contentType: 'text';
  readonly filePath: string;
  readonly ext: string;
}
interface Rule {
  readonly meta: { readonly id: string };
  readonly create: (
    context: object,
    options: object,
  ) => { readonly file?: (source: Source) => void | PromiseLike<void> };
}

/** A comment in a session, such as `secretlint-disable`, must not switch the rules off. */
const LEFT_OUT = '@secretlint/secretlint-rule-filter-comments';

let found: Finding[] = [];
const context = {
  sharedOptions: {},
  createTranslator: () => () => ({}),
  report: ({ range: [start, end] }: { readonly range: readonly [number, number] }) =>
    void found.push({ kind: 'secret', start, end }),
  ignore: () => undefined,
};

const scanners = (presetRules as unknown as readonly Rule[])
  .filter(({ meta }) => meta.id !== LEFT_OUT)
  .map((rule) => rule.create(context, {}));

/** The secrets that secretlint's recommended rules find: keys and tokens of some thirty vendors, private keys, connection strings. */
export function presetSecrets(content: string): Finding[] {
  found = [];
  // The tokens of an .npmrc have no form of their own, so all content is checked as if it were one.
  const source: Source = { content, contentType: 'text', filePath: '.npmrc', ext: '' };
  // Every rule works synchronously; one that did not would report into the next text, which the spec would notice.
  for (const scanner of scanners) void scanner.file?.(source);
  return found;
}
