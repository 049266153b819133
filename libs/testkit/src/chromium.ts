import { existsSync } from 'node:fs';

/** Chromium as systems install it; no browser is downloaded. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

/** The browser of this machine; undefined if there is none. TEST_CHROMIUM names another one. */
export function findChromium(): string | undefined {
  return [process.env.TEST_CHROMIUM, ...PLACES].find((path) => path !== undefined && path !== '' && existsSync(path));
}

/**
 * Features of Chromium that tests do not want. The first two load the popup of its address bar as pages of its own: 416 files with each tab, which
 * take longer than a page of the console. The others are what Playwright 1.65 turns off: of several such lists, Chromium takes the last.
 */
const UNWANTED = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

/** Arguments for {@link findChromium}. Without its sandbox, which needs a user other than root. */
export const CHROMIUM_ARGS: readonly string[] = ['--no-sandbox', `--disable-features=${UNWANTED.join(',')}`];
