import workerUrl from './highlight.worker.ts?worker&url';

/** A piece of code and what it is, such as `keyword`. */
export type Token = readonly [text: string, scope: string | undefined];
export interface HighlightRequest {
  readonly id: number;
  readonly code: string;
  readonly language: string;
}
export interface HighlightResult {
  readonly id: number;
  /** Empty: the language is not known. */
  readonly tokens: readonly Token[];
}

/** Longer code stays as it is. */
const LONGEST = 50_000;

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, (tokens: readonly Token[]) => void>();

/** Colours a `<code>` element, without keeping the page busy. */
export async function highlight(element: HTMLElement, language: string): Promise<void> {
  const code = element.textContent;
  if (code.length > LONGEST || language === '') return;
  const tokens = await ask(code, language);
  if (tokens.length === 0 || element.textContent !== code) return;
  element.replaceChildren(
    ...tokens.map(([text, scope]) => {
      if (scope === undefined) return text;
      const span = document.createElement('span');
      span.className = `hl-${scope.replace(/[^\w-]/g, '')}`;
      span.textContent = text;
      return span;
    }),
  );
}

function ask(code: string, language: string): Promise<readonly Token[]> {
  worker ??= start();
  const id = ++last;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker!.postMessage({ id, code, language } satisfies HighlightRequest);
  });
}

function start(): Worker {
  const started = new Worker(ownScript(workerUrl) as unknown as URL, { type: 'module' });
  started.addEventListener('message', ({ data: { id, tokens } }: MessageEvent<HighlightResult>) => {
    waiting.get(id)?.(tokens);
    waiting.delete(id);
  });
  return started;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): unknown };
}

/** The address of a script of the console, where the page demands a proof that it is one. */
function ownScript(url: string): unknown {
  const rules = {
    createScriptURL(asked: string) {
      const { origin, pathname } = new URL(asked, document.baseURI);
      if (origin !== location.origin || !pathname.includes('/app/assets/'))
        throw new TypeError(`${asked} is no script of the console`);
      return new URL(asked, document.baseURI).href;
    },
  };
  const { trustedTypes } = window as unknown as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes ? trustedTypes.createPolicy('opensync-worker', rules) : rules;
  return policy.createScriptURL(url);
}
