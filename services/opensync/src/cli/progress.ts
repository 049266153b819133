import { Presets, SingleBar } from 'cli-progress';

/** How far something is, for a person who waits. */
export interface Progress {
  /** Of a total that may grow meanwhile. */
  update(done: number, total: number): void;
  stop(): void;
}

/** Where nobody watches, e.g. in the log of a job, a line this often says as much as a bar. */
const LINE_EVERY_MS = 5000;

/** A bar on stderr with speed and remaining time; lines now and then where that is no terminal. */
export function progressBar(label: string, unit: string): Progress {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {value}/{total} ${unit} | {speed}/s | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: LINE_EVERY_MS,
      // Of the last so many updates: one that counted from the start would not notice that it got slower.
      etaBuffer: 50,
      etaAsynchronousUpdate: true,
    },
    Presets.shades_classic,
  );
  const startedAt = performance.now();
  let startedWith: number | undefined;
  return {
    update(done, total) {
      if (startedWith === undefined) {
        startedWith = done;
        bar.start(total, done, { speed: 0 });
      }
      const seconds = (performance.now() - startedAt) / 1000;
      bar.setTotal(total);
      bar.update(done, { speed: Math.round((done - startedWith) / Math.max(seconds, 0.001)) });
    },
    stop: () => {
      if (startedWith !== undefined) bar.stop();
    },
  };
}
