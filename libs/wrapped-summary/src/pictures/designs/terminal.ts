import { circle, MARK, rect, type Design } from '../frame.ts';
import { MONO } from '../fonts.ts';
import { text } from '../text.ts';

/** A terminal that has printed the day. */
export const terminal: Design = (content, { width, height, isTall, isDark }) => {
  const ground = isDark ? ['#1f0f3d', '#0d3b4f'] : ['#c8b6ff', '#a0e8dc'];
  const [screen, ink, dim, accent, other] = isDark
    ? ['#0c0e14', '#e6e9ef', '#8a93a6', '#7ee787', '#ffb86b']
    : ['#fffefb', '#22252d', '#747b8a', '#0f7b3f', '#b1490a'];
  const edge = isTall ? 56 : 40;
  const [left, top, w, h] = [edge, isTall ? 120 : 40, width - 2 * edge, height - (isTall ? 240 : 80)];
  const size = isTall ? 34 : 22;
  const x = left + (isTall ? 48 : 36);
  const wide = w - 2 * (x - left);
  const mono = (
    y: number,
    value: string,
    fill: string,
    options: { size?: number; at?: number; anchor?: 'end'; within?: number; whole?: true } = {},
  ) =>
    text(options.at ?? x, y, value, {
      ...{ size: options.size ?? size, family: MONO, weight: 600, fill, within: options.within ?? wide },
      ...(options.anchor && { anchor: options.anchor }),
      ...(options.whole && { whole: true }),
    });
  const parts = [
    `<defs><linearGradient id="ground" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="${ground[0]}"/><stop offset="1" stop-color="${ground[1]}"/></linearGradient></defs>`,
    rect(0, 0, width, height, 'fill="url(#ground)"'),
    rect(left + 10, top + 16, w, h, 'rx="26" fill="#000000" fill-opacity="0.25"'),
    rect(left, top, w, h, `rx="26" fill="${screen}"`),
    ...['#ff5f57', '#febc2e', '#28c840'].map((colour, at) =>
      circle(left + 40 + at * 34, top + 38, 11, `fill="${colour}"`),
    ),
    mono(top + 46, content.who, dim, { size: size * 0.8, at: left + w - 36, anchor: 'end', within: w * 0.6 }),
  ];
  let y = top + (isTall ? 150 : 104);
  parts.push(mono(y, `$ opensync wrapped`, accent));
  parts.push(mono((y += isTall ? 58 : 34), content.title, dim));
  const big = isTall ? 250 : 124;
  const half = isTall ? wide : wide * 0.44;
  parts.push(mono((y += big * 0.95), content.tokens, ink, { size: big, within: half, whole: true }));
  parts.push(mono((y += isTall ? 66 : 38), content.isEmpty ? 'tokens. exit code 0' : 'tokens', accent));
  parts.push(mono((y += isTall ? 76 : 40), '0h', dim, { size: size * 0.8 }));
  const bar = half / 24;
  const deep = isTall ? 150 : 84;
  content.hours.forEach((share, at) =>
    parts.push(
      rect(
        x + at * bar,
        y + 14 + deep * (1 - share),
        bar - 4,
        Math.max(4, deep * share),
        `rx="2" fill="${share > 0 ? accent : dim}" fill-opacity="${share > 0 ? 1 : 0.4}"`,
      ),
    ),
  );
  const right = isTall ? x : x + wide * 0.5;
  const rest = isTall ? wide : wide * 0.5;
  let line = isTall ? y + deep + 100 : top + 104;
  const pair = (label: string, value: string, fill: string) => {
    parts.push(mono(line, label, dim, { at: right, within: rest * 0.5 }));
    parts.push(mono(line, value, fill, { at: right + rest, anchor: 'end', within: rest * 0.56 }));
    line += isTall ? 56 : 35;
  };
  for (const [label, value] of content.facts.slice(0, isTall ? 8 : 7))
    pair(label.toLowerCase().replaceAll(' ', '_'), value, ink);
  line += isTall ? 30 : 12;
  for (const { name, value } of [
    ...content.models.slice(0, isTall ? 3 : 2),
    ...content.projects.slice(0, isTall ? 3 : 2),
  ]) {
    parts.push(mono(line, name, other, { at: right, within: rest - size * 5 }));
    parts.push(mono(line, value, ink, { at: right + rest, anchor: 'end' }));
    line += isTall ? 52 : 34;
  }
  parts.push(
    text(width / 2, height - (isTall ? 48 : 12), MARK, {
      size: isTall ? 32 : 19,
      weight: 700,
      fill: isDark ? '#ffffff' : '#22252d',
      anchor: 'middle',
    }),
  );
  return parts.join('');
};
