import { duration, number, quantity } from './output.ts';

/** The progress of work, for a waiting person. */
export interface Progress {
  /** Of a total that may grow meanwhile. */
  update(done: number, total: number): void;
  stop(): void;
}

export interface ProgressSink {
  /** Redraws in place on a terminal, otherwise writes a line now and then. */
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const REDRAW_MS = 100;
/** Without a viewer, e.g. in the log of a job, a line this often is as informative as a bar. */
const LINE_EVERY_MS = 5000;
/** The speed of the last few seconds: an average since the start would hide that it became slower. */
const SPEED_OVER_MS = 5000;
const BAR_WIDTH = 30;

/** A line on stderr with a bar, the speed and the remaining time. @param unit in the plural */
export function progressBar(
  label: string,
  unit: string,
  { sink = process.stderr as ProgressSink, now = () => performance.now() } = {},
): Progress {
  const isTerminal = sink.isTTY === true;
  const everyMs = isTerminal ? REDRAW_MS : LINE_EVERY_MS;
  const samples: { at: number; done: number }[] = [];
  let last: { done: number; total: number } | undefined;
  // A terminal shows something at once; a log shows nothing for work that ends before its first line.
  let drawnAt = isTerminal ? -Infinity : now();
  const draw = () => {
    const { done, total } = last!;
    const first = samples[0]!;
    const speed = ((done - first.done) / Math.max(now() - first.at, 1)) * 1000;
    const share = total > 0 ? Math.min(done / total, 1) : 1;
    const left = done >= total ? undefined : speed > 0 ? duration((total - done) / speed) : 'unknown time';
    const parts = [
      `${label} ${isTerminal ? bar(share) : ''}${Math.floor(share * 100)}%`,
      `${number(done)} of ${quantity(total, unit)}`,
      ...(speed > 0 ? [`${number(Math.round(speed))}/s`] : []),
      ...(left === undefined ? [] : [`${left} left`]),
    ];
    sink.write(isTerminal ? `\r\x1b[K${parts.join(' · ')}` : `${parts.join(' · ')}\n`);
    drawnAt = now();
  };
  return {
    update(done, total) {
      last = { done, total };
      samples.push({ at: now(), done });
      while (samples.length > 2 && samples[1]!.at < now() - SPEED_OVER_MS) samples.shift();
      if (now() - drawnAt >= everyMs) draw();
    },
    stop() {
      if (last === undefined || !isTerminal) return;
      draw();
      sink.write('\n');
    },
  };
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} `;
}
