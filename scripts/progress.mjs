// Progress of a step on stderr. Dependency-free and content with Node 20.

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a viewer, e.g. in the log of a job, a line this often shows that work continues. */
const LINE_EVERY_MS = 15_000;

/**
 * Shows that work is in progress and for how long: in place on a terminal, otherwise by a line now and then.
 * @param {string} title
 * @param {{ quietMs?: number, stream?: NodeJS.WriteStream, now?: () => number }} [options] quietMs: show nothing for
 * shorter work
 */
export function showProgress(title, { quietMs = 0, stream = process.stderr, now = Date.now } = {}) {
  const startedAt = now();
  const seconds = () => `${Math.round((now() - startedAt) / 1000)} s`;
  const isTerminal = Boolean(stream.isTTY);
  let shown = false;
  let frame = 0;
  const begin = () => {
    shown = true;
    if (isTerminal) draw();
    else stream.write(`${title} …\n`);
  };
  const draw = () => stream.write(`\r\x1b[K${FRAMES[frame++ % FRAMES.length]} ${title} … ${seconds()}`);
  const tick = () => {
    if (!shown) return;
    if (isTerminal) draw();
    else stream.write(`  … ${seconds()}\n`);
  };
  const quiet = quietMs > 0 ? setTimeout(begin, quietMs) : begin();
  const ticker = setInterval(tick, isTerminal ? FRAME_MS : LINE_EVERY_MS);
  let ended = false;
  const end = (line) => {
    if (ended) return;
    ended = true;
    clearTimeout(quiet);
    clearInterval(ticker);
    if (shown && isTerminal) stream.write('\r\x1b[K');
    if (line && shown) stream.write(`${line}\n`);
  };
  return {
    done: () => end(`✓ ${title}, ${seconds()}`),
    failed: () => {
      shown = true;
      end(`✗ ${title}, ${seconds()}`);
    },
    clear: () => end(),
  };
}
