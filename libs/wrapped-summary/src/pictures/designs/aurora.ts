import { circle, MARK, rect, type Design } from '../frame.ts';
import { text } from '../text.ts';

const COLOURS = {
  dark: { paper: '#0b0a1f', ink: '#ffffff', glass: '#ffffff', lights: ['#6d28ff', '#ff2e93', '#00c2ff', '#19e6a1'] },
  light: { paper: '#fdf7ff', ink: '#1b1038', glass: '#ffffff', lights: ['#b79bff', '#ff9fcf', '#8fe3ff', '#a6f3d5'] },
};

/** Soft lights behind panes of glass. */
export const aurora: Design = (content, { width, height, isTall, isDark }) => {
  const { paper, ink, glass, lights } = isDark ? COLOURS.dark : COLOURS.light;
  const reach = Math.max(width, height);
  const margin = isTall ? 64 : 48;
  const inner = width - 2 * margin;
  const lit = [
    [0.1, 0.08],
    [0.95, 0.3],
    [0.15, 0.72],
    [0.85, 0.95],
  ].map(([x, y], at) => circle(x! * width, y! * height, reach * 0.36, `fill="url(#light${at})"`));
  const pane = (x: number, y: number, w: number, h: number) =>
    rect(
      x,
      y,
      w,
      h,
      `rx="${isTall ? 36 : 22}" fill="${glass}" fill-opacity="${isDark ? 0.1 : 0.62}" stroke="${glass}" stroke-opacity="${isDark ? 0.22 : 0.9}" stroke-width="2"`,
    );
  const parts = [
    `<defs>${lights.map((light, at) => `<radialGradient id="light${at}"><stop offset="0" stop-color="${light}" stop-opacity="0.9"/><stop offset="1" stop-color="${light}" stop-opacity="0"/></radialGradient>`).join('')}</defs>`,
    rect(0, 0, width, height, `fill="${paper}"`),
    ...lit,
    text(margin, isTall ? 140 : 80, content.kicker, {
      size: isTall ? 50 : 32,
      weight: 700,
      fill: ink,
      within: inner * 0.6,
    }),
    text(margin, isTall ? 200 : 116, content.title, {
      size: isTall ? 34 : 22,
      fill: ink,
      opacity: 0.8,
      within: inner * 0.6,
    }),
    text(width - margin, isTall ? 140 : 80, content.who, {
      size: isTall ? 34 : 22,
      fill: ink,
      anchor: 'end',
      within: inner * 0.36,
    }),
    text(margin, isTall ? 520 : 290, content.tokens, {
      size: isTall ? 300 : 180,
      weight: 700,
      fill: ink,
      spacing: -6,
      within: isTall ? inner : inner * 0.5,
      whole: true,
    }),
    text(margin, isTall ? 600 : 340, content.isEmpty ? 'tokens – a quiet one' : 'tokens', {
      size: isTall ? 52 : 32,
      fill: ink,
    }),
    content.change === ''
      ? ''
      : text(margin, isTall ? 664 : 378, `${content.change} a day, compared with before`, {
          size: isTall ? 32 : 20,
          fill: ink,
          opacity: 0.75,
          within: isTall ? inner : inner * 0.5,
        }),
  ];
  const facts = content.facts.slice(0, isTall ? 6 : 4);
  const left = isTall ? margin : margin + inner * 0.53;
  const gap = isTall ? 24 : 16;
  const paneWidth = ((isTall ? inner : inner * 0.47) - gap) / 2;
  const paneHeight = isTall ? 190 : 116;
  const top = isTall ? 740 : 150;
  for (const [at, [label, value]] of facts.entries()) {
    const [x, y] = [left + (at % 2) * (paneWidth + gap), top + Math.floor(at / 2) * (paneHeight + gap)];
    parts.push(pane(x, y, paneWidth, paneHeight));
    parts.push(text(x + 28, y + paneHeight * 0.36, label, { size: isTall ? 28 : 18, fill: ink, opacity: 0.75 }));
    parts.push(
      text(x + 28, y + paneHeight * 0.78, value, {
        size: isTall ? 66 : 42,
        weight: 700,
        fill: ink,
        within: paneWidth - 50,
      }),
    );
  }
  const [x, y, w, h] = isTall ? [margin, 1390, inner, 400] : [left, 415, inner * 0.47, 150];
  parts.push(pane(x, y, w, h));
  const bars = content.models.slice(0, isTall ? 4 : 2);
  for (const [at, { name, value, share }] of bars.entries()) {
    const line = y + (isTall ? 62 : 40) + at * (isTall ? 88 : 58);
    const size = isTall ? 32 : 20;
    parts.push(text(x + 32, line, name, { size, weight: 700, fill: ink, within: w - 230 }));
    parts.push(text(x + w - 32, line, value, { size, fill: ink, anchor: 'end' }));
    parts.push(rect(x + 32, line + 14, w - 64, isTall ? 10 : 7, `rx="5" fill="${ink}" fill-opacity="0.15"`));
    parts.push(rect(x + 32, line + 14, (w - 64) * share, isTall ? 10 : 7, `rx="5" fill="${ink}"`));
  }
  if (bars.length === 0)
    parts.push(
      text(x + w / 2, y + h / 2 + 10, 'No models yet', {
        size: isTall ? 36 : 22,
        fill: ink,
        anchor: 'middle',
        opacity: 0.7,
      }),
    );
  if (!isTall) {
    const hour = (inner * 0.46) / 24;
    content.hours.forEach((share, at) =>
      parts.push(
        rect(
          margin + at * hour,
          560 - 6 - share * 110,
          hour - 4,
          6 + share * 110,
          `rx="3" fill="${ink}" fill-opacity="${0.35 + 0.65 * share}"`,
        ),
      ),
    );
  }
  parts.push(
    text(width / 2, height - (isTall ? 52 : 24), MARK, {
      size: isTall ? 30 : 18,
      weight: 700,
      fill: ink,
      anchor: 'middle',
    }),
  );
  return parts.join('');
};
