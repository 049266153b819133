import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { PICTURE_CASES, summaryOfCase } from '../testing/picture-cases.ts';
import { contentOf } from './content.ts';
import { skyline } from './designs/skyline.ts';
import { SIZES, THEMES, type PictureSize } from './frame.ts';
import { designOf, DESIGNS, renderPicture } from './render.ts';
import { text, widthOf } from './text.ts';

/** Look at each of them before you commit it: WRITE_PICTURES=1 writes what has changed. */
const REFERENCES = fileURLToPath(new URL('../../references/', import.meta.url));
const SCALE = 1 / 3;
/** Of the pixels; smoothing differs between processors. */
const MOST_DIFFERENT = 0.002;
const SIZE_NAMES = Object.keys(SIZES) as PictureSize[];

/** The usual day in each size and theme, and each hard case in each design. */
const PICTURES = Object.keys(PICTURE_CASES).flatMap((name, row) =>
  DESIGNS.flatMap((design, column) =>
    SIZE_NAMES.flatMap((size, wide) =>
      THEMES.flatMap((theme, dark) => {
        const isChosen =
          name === 'usual'
            ? (column + dark) % 2 === wide
            : [wide, dark].join() === [(row + column) % 2, row % 2].join();
        return isChosen ? [{ name, design, size, theme }] : [];
      }),
    ),
  ),
);

describe('a picture', () => {
  it.each(PICTURES)('of $name: $design, $size, $theme', async ({ name, design, size, theme }) => {
    const of = PICTURE_CASES[name]!;
    const png = await renderPicture(await summaryOfCase(of), { design, size, theme, who: of.who, scale: SCALE });
    const file = `${REFERENCES}${name.replaceAll(' ', '-')}.${design}.${size}.${theme}.png`;
    if (process.env.WRITE_PICTURES) {
      await mkdir(REFERENCES, { recursive: true });
      await writeFile(file, png);
      return;
    }
    const [drawn, reference] = [PNG.sync.read(png), PNG.sync.read(await readFile(file))];
    const { width, height } = reference;
    expect([drawn.width, drawn.height]).toEqual([width, height]);
    const different = pixelmatch(drawn.data, reference.data, undefined, width, height, { threshold: 0.1 });
    expect(different / (width * height)).toBeLessThan(MOST_DIFFERENT);
  });

  it.each(SIZE_NAMES)('of a city has no house in front of its words: %s', async (size) => {
    const content = { ...contentOf(await summaryOfCase(PICTURE_CASES.usual!), 'Ada'), hours: Array(24).fill(1) };
    const drawn = skyline(content, { ...SIZES[size], isTall: size === '1080x1920', isDark: true });
    const tops = [...drawn.matchAll(/<rect x="[^"]*" y="([\d.]+)"[^>]*fill="#070b22"/g)].map(([, y]) => Number(y));
    const ground = Math.max(...tops);
    const words = [...drawn.matchAll(/<text[^>]* y="([\d.]+)" font-size="([\d.]+)"/g)]
      .map(([, y, fontSize]) => Number(y) + 0.3 * Number(fontSize))
      .filter((end) => end < ground);
    expect(words.length).toBeGreaterThan(3);
    expect(Math.min(...tops)).toBeGreaterThanOrEqual(Math.max(...words));
  });

  it('has another design each day', () => {
    const days = ['2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'];
    expect(new Set(days.map(designOf)).size).toBe(DESIGNS.length);
    expect(DESIGNS).toContain(designOf('2026-W48'));
  });

  it('of other figures differs from the reference', async () => {
    const of = PICTURE_CASES.usual!;
    const options = { design: 'poster', size: '1200x630', theme: 'light', scale: SCALE } as const;
    const summary = await summaryOfCase(of);
    const one = PNG.sync.read(await renderPicture(summary, { ...options, who: of.who }));
    const other = PNG.sync.read(
      await renderPicture({ ...summary, totals: { ...summary.totals, totalTokens: 7 } }, { ...options, who: of.who }),
    );
    const different = pixelmatch(one.data, other.data, undefined, one.width, one.height, { threshold: 0.1 });
    expect(different / (one.width * one.height)).toBeGreaterThan(MOST_DIFFERENT);
  });
});

describe('a line of a picture', () => {
  it('is cut between letters as people see them, and never wider than its place', () => {
    for (const value of [
      'a-long-name-'.repeat(20),
      '数据管道平台'.repeat(20),
      '👩‍💻'.repeat(60),
      'مشروع العميل '.repeat(20),
    ]) {
      const drawn = text(0, 0, value, { size: 40, within: 300 });
      expect(drawn).toContain('…');
      const lines = [...drawn.matchAll(/>([^<]*)</g)].map(([, line]) => line!).filter((line) => line !== '');
      const size = Number(/font-size="([\d.]+)"/.exec(drawn)![1]);
      expect(lines.reduce((sum, line) => sum + widthOf(line, { size }), 0)).toBeLessThanOrEqual(301);
    }
  });

  it('contains no markup, control character or reordering mark of a name', () => {
    const drawn = text(0, 0, '<image href="file:///etc/passwd"/>&\u0000\u202eabc\ud800', { size: 10 });
    expect(drawn).toContain('&lt;image href="file:///etc/passwd"/&gt;&amp;  abc ');
    expect(drawn.match(/</g)).toHaveLength(2);
  });

  it('that begins in Arabic or Hebrew is read from the right', () => {
    const at = (drawn: string, part: string) => Number(new RegExp(` x="([\\d.-]+)"[^>]*>${part}`).exec(drawn)![1]);
    const mixed = text(0, 0, 'مشروع api-v2', { size: 10 });
    expect(at(mixed, 'api-v2')).toBeLessThan(at(mixed, 'مشروع'));
    const latin = text(0, 0, 'api-v2 مشروع', { size: 10 });
    expect(at(latin, 'api-v2')).toBeLessThan(at(latin, 'مشروع'));
  });
});
