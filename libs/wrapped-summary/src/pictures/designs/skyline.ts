import { circle, MARK, rect, type Design } from '../frame.ts';
import { text } from '../text.ts';

/** The hours of the day as houses of a city, below the sun or the moon. */
export const skyline: Design = (content, { width, height, isTall, isDark }) => {
  const sky = isDark ? ['#0a1033', '#2a2a72', '#7a3e9d'] : ['#ffe3b3', '#ffb199', '#ff7e8a'];
  const ink = isDark ? '#ffffff' : '#3a1430';
  const [near, far, window] = isDark ? ['#070b22', '#161b4d', '#ffd76a'] : ['#5a1f4a', '#a6496b', '#ffe9a8'];
  const margin = isTall ? 72 : 56;
  const ground = isTall ? 1500 : 545;
  // The busiest hour, even if it is the only one and before breakfast, ends below the words on the sky.
  const most = isTall ? 620 : 180;
  const parts = [
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">${sky.map((colour, at) => `<stop offset="${at / 2}" stop-color="${colour}"/>`).join('')}</linearGradient></defs>`,
    rect(0, 0, width, height, 'fill="url(#sky)"'),
    circle(
      width * 0.8,
      isTall ? 560 : 150,
      isTall ? 150 : 82,
      `fill="${isDark ? '#fdf6d8' : '#fff6df'}" fill-opacity="0.95"`,
    ),
    isDark ? circle(width * 0.8 + (isTall ? 52 : 28), isTall ? 530 : 134, isTall ? 128 : 70, `fill="${sky[1]}"`) : '',
  ];
  if (isDark) {
    for (let at = 0; at < 60; at++) {
      parts.push(
        circle(
          (((at * 389) % 1000) / 1000) * width,
          (((at * 617) % 1000) / 1000) * ground * 0.6,
          1 + (at % 3),
          'fill="#ffffff" fill-opacity="0.7"',
        ),
      );
    }
  }
  const house = width / 24;
  content.hours.forEach((_, at) => {
    const share = (content.hours[(at + 9) % 24]! + content.hours[(at + 13) % 24]!) / 2;
    parts.push(
      rect(
        at * house - house / 2,
        ground - 60 - share * most * 0.7,
        house * 1.1,
        height,
        `fill="${far}" fill-opacity="0.8"`,
      ),
    );
  });
  content.hours.forEach((share, at) => {
    const tall = (isTall ? 56 : 30) + share * most;
    const [x, y] = [at * house + 2, ground - tall];
    parts.push(rect(x, y, house - 4, tall + height, `fill="${near}"`));
    const pane = (house - 4) / 4;
    for (let row = 0; (row + 1) * pane * 2 < tall; row++) {
      for (const column of [0, 1]) {
        if (share === 0 || (at * 7 + row * 3 + column * 5) % 4 === 0) continue;
        parts.push(
          rect(x + pane * (0.6 + column * 1.7), y + pane * (0.8 + row * 2), pane * 1.1, pane * 1.1, `fill="${window}"`),
        );
      }
    }
  });
  parts.push(rect(0, ground, width, height - ground, `fill="${near}"`));
  const light = '#ffffff';
  parts.push(
    text(margin, isTall ? 150 : 84, content.kicker, {
      size: isTall ? 50 : 30,
      weight: 700,
      fill: ink,
      within: width * 0.6,
    }),
  );
  parts.push(
    text(margin, isTall ? 208 : 118, content.title, {
      size: isTall ? 34 : 21,
      fill: ink,
      opacity: 0.85,
      within: width * 0.6,
    }),
  );
  parts.push(
    text(margin - 6, isTall ? 430 : 232, content.tokens, {
      size: isTall ? 220 : 112,
      weight: 700,
      fill: ink,
      spacing: -4,
      within: width * 0.58,
      whole: true,
    }),
  );
  parts.push(
    text(margin, isTall ? 500 : 270, content.isEmpty ? 'tokens, and the city sleeps' : 'tokens', {
      size: isTall ? 46 : 26,
      fill: ink,
      within: width * 0.56,
    }),
  );
  const facts: readonly (readonly [string, string])[] = isTall
    ? [...content.facts.slice(0, 4), ['Model', content.topModel], ['Project', content.topProject]]
    : [...content.facts.slice(0, 4), ['Model', content.topModel], ['Project', content.topProject]];
  const columns = isTall ? 2 : 6;
  const column = (width - 2 * margin) / columns;
  facts.forEach(([label, value], at) => {
    const x = margin + (at % columns) * column;
    const y = ground + (isTall ? 46 : 28) + Math.floor(at / columns) * 108;
    parts.push(text(x, y, label, { size: isTall ? 24 : 15, fill: light, opacity: 0.7 }));
    parts.push(
      text(x, y + (isTall ? 44 : 30), value, { size: isTall ? 42 : 26, weight: 700, fill: light, within: column - 18 }),
    );
  });
  const foot = height - (isTall ? 24 : 10);
  parts.push(
    text(margin, isTall ? foot : 310, content.who, {
      size: isTall ? 26 : 19,
      fill: isTall ? light : ink,
      within: width * 0.5,
    }),
  );
  parts.push(
    text(width - margin, isTall ? foot : 310, MARK, {
      size: isTall ? 26 : 18,
      weight: 700,
      fill: isTall ? light : ink,
      anchor: 'end',
    }),
  );
  return parts.join('');
};
