import { MARK, rect, type Design } from '../frame.ts';
import { MONO } from '../fonts.ts';
import { text } from '../text.ts';

/** A till receipt, whose bar code is the hours of the day. */
export const receipt: Design = (content, { width, height, isTall, isDark }) => {
  const [ground, paper, ink] = isDark ? ['#1d2b24', '#f4efe2', '#22201c'] : ['#ffcf56', '#fffdf7', '#22201c'];
  const [w, top] = isTall ? [860, 110] : [1040, 40];
  const left = (width - w) / 2;
  const right = left + w;
  const bottom = height - top;
  const tooth = isTall ? 43 : 40;
  const teeth = (y: number, depth: number) =>
    Array.from(
      { length: w / tooth },
      (_, at) => `L ${left + w - (at + 0.5) * tooth} ${y + depth} L ${left + w - (at + 1) * tooth} ${y}`,
    ).join(' ');
  const edge = `M ${left} ${top} ${Array.from({ length: w / tooth }, (_, at) => `L ${left + (at + 0.5) * tooth} ${top - 22} L ${left + (at + 1) * tooth} ${top}`).join(' ')} L ${right} ${bottom} ${teeth(bottom, 22)} Z`;
  const mono = (
    x: number,
    y: number,
    value: string,
    size: number,
    anchor: 'start' | 'middle' | 'end' = 'start',
    within?: number,
    weight = 600,
  ) => text(x, y, value, { size, family: MONO, weight, fill: ink, anchor, ...(within !== undefined && { within }) });
  const rule = (x: number, y: number, length: number) =>
    `<path d="M ${x} ${y} H ${x + length}" stroke="${ink}" stroke-width="3" stroke-dasharray="10 8" opacity="0.6"/>`;
  const parts = [
    rect(0, 0, width, height, `fill="${ground}"`),
    `<path d="${edge}" fill="#000000" fill-opacity="0.18" transform="translate(14 18)"/>`,
    `<path d="${edge}" fill="${paper}"/>`,
  ];
  const pad = isTall ? 64 : 48;
  const column = isTall ? w - 2 * pad : w * 0.5 - pad - 24;
  const x = left + pad;
  const center = x + column / 2;
  parts.push(
    text(center, isTall ? 240 : 118, content.kicker, {
      size: isTall ? 66 : 40,
      weight: 700,
      fill: ink,
      anchor: 'middle',
      within: column,
    }),
  );
  parts.push(mono(center, isTall ? 296 : 156, content.title, isTall ? 30 : 20, 'middle', column));
  parts.push(mono(center, isTall ? 344 : 186, content.who, isTall ? 28 : 18, 'middle', column));
  parts.push(rule(x, isTall ? 392 : 208, column));
  const facts = content.facts.slice(0, isTall ? 8 : 7);
  const [first, row, size] = isTall ? [452, 60, 34] : [246, 38, 22];
  facts.forEach(([label, value], at) => {
    parts.push(mono(x, first + at * row, label, size));
    parts.push(mono(x + column, first + at * row, value, size, 'end', column * 0.5));
  });
  const [x2, column2] = isTall ? [x, column] : [left + w * 0.5 + 24, w * 0.5 - pad - 24];
  let y = isTall ? first + facts.length * row : 92;
  if (isTall) parts.push(rule(x, y - 20, column));
  const items = [...content.models.slice(0, isTall ? 3 : 2), ...content.projects.slice(0, isTall ? 3 : 2)];
  y += isTall ? 40 : 0;
  for (const { name, value } of items) {
    parts.push(mono(x2, y, name, size, 'start', column2 - size * 5));
    parts.push(mono(x2 + column2, y, value, size, 'end'));
    y += isTall ? 54 : 40;
  }
  if (items.length === 0) {
    parts.push(mono(x2, y, 'Nothing. Enjoy the day.', size, 'start', column2));
    y += isTall ? 54 : 40;
  }
  y = isTall ? 1370 : 296;
  parts.push(rule(x2, y - (isTall ? 76 : 50), column2));
  parts.push(text(x2, y + (isTall ? 24 : 20), 'TOTAL', { size: isTall ? 48 : 32, weight: 700, fill: ink }));
  parts.push(
    text(x2 + column2, y + (isTall ? 34 : 24), content.tokens, {
      size: isTall ? 110 : 74,
      weight: 700,
      fill: ink,
      anchor: 'end',
      within: column2 * 0.68,
      whole: true,
    }),
  );
  parts.push(mono(x2 + column2, y + (isTall ? 84 : 62), 'tokens', isTall ? 30 : 20, 'end'));
  const [codeTop, code] = isTall ? [1490, 150] : [390, 110];
  const bar = column2 / 24;
  content.hours.forEach((share, at) =>
    parts.push(rect(x2 + at * bar, codeTop, Math.max(3, (bar - 3) * (0.12 + 0.88 * share)), code, `fill="${ink}"`)),
  );
  parts.push(mono(x2, codeTop + code + (isTall ? 40 : 30), '0 h', isTall ? 26 : 18));
  parts.push(mono(x2 + column2, codeTop + code + (isTall ? 40 : 30), '24 h', isTall ? 26 : 18, 'end'));
  parts.push(
    mono(
      x2 + column2 / 2,
      codeTop + code + (isTall ? 40 : 30),
      content.isEmpty ? 'zzz' : `busiest at ${content.busiestHour}`,
      isTall ? 26 : 18,
      'middle',
    ),
  );
  parts.push(
    text(isTall ? center : x2 + column2 / 2, bottom - (isTall ? 36 : 16), MARK, {
      size: isTall ? 34 : 20,
      weight: 700,
      fill: ink,
      anchor: 'middle',
    }),
  );
  return parts.join('');
};
