import { arc, circle, MARK, rect, type Design } from '../frame.ts';
import { text } from '../text.ts';

/** A record: a ring for each model, and its label in the middle. */
export const rings: Design = (content, { width, height, isTall, isDark }) => {
  const [paper, ink, groove] = isDark ? ['#16121f', '#fff4e6', '#2b2438'] : ['#e9f1ee', '#16302b', '#d2e0db'];
  const colours = isDark
    ? ['#ff8a5b', '#ffd166', '#5ce1c6', '#7aa2ff', '#f78fd0']
    : ['#e4572e', '#d99a00', '#16927a', '#3d6be0', '#b8428c'];
  const margin = isTall ? 72 : 52;
  const [x, y, radius] = isTall ? [width / 2, 800, 420] : [350, 330, 258];
  const step = isTall ? 62 : 38;
  const parts = [rect(0, 0, width, height, `fill="${paper}"`)];
  for (let at = 0; at < 5; at++) {
    const r = radius - at * step;
    parts.push(circle(x, y, r, `fill="none" stroke="${groove}" stroke-width="${step - 14}"`));
    const bar = content.models[at];
    if (bar)
      parts.push(
        arc(
          x,
          y,
          r,
          0,
          Math.max(0.02, bar.share * 0.94),
          `stroke="${colours[at]}" stroke-width="${step - 14}" stroke-linecap="round"`,
        ),
      );
  }
  const hub = radius - 5 * step + step / 2 - 4;
  parts.push(
    text(x, y + hub * 0.18, content.tokens, {
      size: hub * 0.9,
      weight: 700,
      fill: ink,
      anchor: 'middle',
      within: hub * 1.6,
      whole: true,
    }),
  );
  parts.push(text(x, y + hub * 0.56, 'tokens', { size: hub * 0.3, fill: ink, anchor: 'middle' }));
  const head = isTall ? margin : 660;
  const wide = width - head - margin;
  parts.push(
    text(head, isTall ? 150 : 96, content.kicker, { size: isTall ? 54 : 34, weight: 700, fill: ink, within: wide }),
  );
  parts.push(
    text(head, isTall ? 212 : 132, content.title, { size: isTall ? 36 : 22, fill: ink, opacity: 0.7, within: wide }),
  );
  parts.push(
    text(head, isTall ? 268 : 164, content.who, { size: isTall ? 32 : 20, fill: ink, opacity: 0.7, within: wide }),
  );
  const top = isTall ? 1330 : 214;
  const [row, size] = isTall ? [56, 34] : [36, 21];
  const names = content.models.slice(0, isTall ? 5 : 4);
  names.forEach(({ name, value }, at) => {
    parts.push(circle(head + size * 0.4, top + at * row - size * 0.34, size * 0.36, `fill="${colours[at]}"`));
    parts.push(
      text(head + size * 1.3, top + at * row, name, { size, weight: 700, fill: ink, within: wide - size * 6 }),
    );
    parts.push(text(head + wide, top + at * row, value, { size, fill: ink, anchor: 'end' }));
  });
  if (names.length === 0) parts.push(text(head, top, 'The record is silent.', { size, fill: ink, within: wide }));
  const facts: (readonly [string, string])[] = [
    ...content.facts.slice(0, isTall ? 4 : 5),
    ['Project', content.topProject],
  ];
  const columns = isTall ? 3 : 2;
  const column = wide / columns;
  facts.slice(0, 6).forEach(([label, value], at) => {
    const [fx, fy] = [
      head + (at % columns) * column,
      (isTall ? 1650 : 388) + Math.floor(at / columns) * (isTall ? 116 : 70),
    ];
    parts.push(text(fx, fy, label, { size: isTall ? 26 : 16, fill: ink, opacity: 0.65 }));
    parts.push(
      text(fx, fy + (isTall ? 52 : 34), value, { size: isTall ? 48 : 30, weight: 700, fill: ink, within: column - 20 }),
    );
  });
  parts.push(
    text(width - margin, height - (isTall ? 28 : 14), MARK, {
      size: isTall ? 28 : 17,
      weight: 700,
      fill: ink,
      anchor: 'end',
    }),
  );
  return parts.join('');
};
