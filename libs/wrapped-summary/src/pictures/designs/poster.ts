import { MARK, rect, type Design } from '../frame.ts';
import { text, widthOf } from '../text.ts';

const COLOURS = { dark: ['#111111', '#ff5a36', '#f6efe4'], light: ['#f6efe4', '#ff5a36', '#111111'] } as const;

/** A typographic poster: one number as large as it fits, the rest on a grid. */
export const poster: Design = (content, { width, height, isTall, isDark }) => {
  const [paper, accent, ink] = isDark ? COLOURS.dark : COLOURS.light;
  const margin = isTall ? 72 : 56;
  const inner = width - 2 * margin;
  const space = isTall ? inner : inner * 0.56;
  const big = Math.min(
    isTall ? 460 : 260,
    (space / widthOf(content.tokens, { size: 100, weight: 700, spacing: -4 })) * 100,
  );
  const base = isTall ? 560 + big * 0.36 : 330 + big * 0.3;
  const parts = [
    rect(0, 0, width, height, `fill="${paper}"`),
    rect(0, 0, width, isTall ? 28 : 16, `fill="${accent}"`),
    text(margin, isTall ? 150 : 92, content.kicker, { size: isTall ? 54 : 34, weight: 700, fill: ink, within: space }),
    text(margin, isTall ? 214 : 132, content.title, { size: isTall ? 38 : 24, fill: ink, opacity: 0.7, within: space }),
    text(margin - big * 0.04, base, content.tokens, { size: big, weight: 700, fill: accent, spacing: -0.04 * big }),
    text(margin, base + (isTall ? 84 : 52), content.isEmpty ? 'tokens. Time off.' : 'tokens', {
      ...{ size: isTall ? 60 : 36, weight: 700, fill: ink },
    }),
  ];
  const facts = content.facts.slice(0, isTall ? 8 : 6);
  const columns = 2;
  const left = isTall ? margin : margin + inner * 0.6;
  const column = (isTall ? inner : inner * 0.4) / columns;
  const top = isTall ? 960 : 84;
  const row = isTall ? 158 : 150;
  for (const [at, [label, value]] of facts.entries()) {
    const x = left + (at % columns) * column;
    const y = top + Math.floor(at / columns) * row;
    parts.push(rect(x, y, column - 24, isTall ? 4 : 3, `fill="${ink}"`));
    parts.push(text(x, y + (isTall ? 40 : 30), label, { size: isTall ? 28 : 19, fill: ink, opacity: 0.65 }));
    parts.push(
      text(x, y + (isTall ? 108 : 84), value, { size: isTall ? 62 : 42, weight: 700, fill: ink, within: column - 30 }),
    );
  }
  const foot = isTall ? 1680 : 540;
  const names: [string, string][] = [
    ['Model', content.topModel],
    ['Project', content.topProject],
  ];
  const half = (isTall ? inner : inner * 0.58) / 2;
  for (const [at, [label, value]] of names.entries()) {
    const x = margin + at * half;
    parts.push(text(x, foot, label, { size: isTall ? 28 : 18, fill: ink, opacity: 0.65 }));
    parts.push(
      text(x, foot + (isTall ? 58 : 38), value, {
        size: isTall ? 46 : 30,
        weight: 700,
        fill: accent,
        within: half - 24,
      }),
    );
  }
  parts.push(
    text(margin, height - (isTall ? 64 : 18), content.who, { size: isTall ? 30 : 18, fill: ink, within: inner * 0.55 }),
  );
  parts.push(
    text(width - margin, height - (isTall ? 64 : 18), MARK, {
      size: isTall ? 30 : 18,
      weight: 700,
      fill: ink,
      anchor: 'end',
    }),
  );
  return parts.join('');
};
