import { parseMessageSync } from '@opensync/contracts';
import { anOwner } from '@opensync/testkit';
import { median, micros, type Figure } from '../figures.ts';
import { aMessage, aToolResult } from '../load.ts';

const RUNS = 200;
const WARM_UP = 50;
const LARGE = 300_000;

/** A body read and normalised to events (parts, media taken out, warnings), against `JSON.parse` of the body alone. */
export function parsingFigures(): Promise<Figure[]> {
  const owner = anOwner();
  const bodies: readonly [string, () => object][] = [
    ['a message of 1 KiB', () => aMessage()],
    ['a tool result of 300 KB', () => aToolResult(LARGE)],
    ['the same as JSON in a string', () => withResult((text) => JSON.stringify({ stdout: text, exitCode: 0 }))],
    ['the same as base64', () => withResult((text) => Buffer.from(text).toString('base64').slice(0, LARGE))],
  ];
  const figures = bodies.map(([name, make]) => {
    const texts = Array.from({ length: RUNS + WARM_UP }, () => JSON.stringify(make()));
    const product: number[] = [];
    const ceiling: number[] = [];
    for (const text of texts) {
      const start = performance.now();
      const parsed = parseMessageSync(owner, JSON.parse(text), Date.now());
      const between = performance.now();
      JSON.parse(text);
      ceiling.push(performance.now() - between);
      product.push(between - start);
      if (!parsed.ok) throw new Error(`refused: ${JSON.stringify(parsed.details)}`);
    }
    const [value, raw] = [product, ceiling].map((times) => median(times.slice(WARM_UP))) as [number, number];
    return { name: `parsing ${name}`, value: micros(value), ceiling: micros(raw), ratio: value / raw, aim: '' };
  });
  return Promise.resolve(figures);
}

function withResult(change: (text: string) => string): object {
  const message = aToolResult(LARGE);
  const [call, result] = message.parts as [object, { content: string }];
  return { ...message, parts: [call, { ...result, content: change(result.content) }] };
}
