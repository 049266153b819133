import { existsSync } from 'node:fs';

/** Chromium as systems install it; no browser is downloaded. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

/** The browser of this machine; undefined if there is none. TEST_CHROMIUM names another one. */
export function findChromium(): string | undefined {
  return [process.env.TEST_CHROMIUM, ...PLACES].find((path) => path !== undefined && path !== '' && existsSync(path));
}
