import { readAhead } from '../api/client.ts';
import type { Page } from '../pages.ts';
import type { Params } from '../router/match.ts';

/** Sends for the code of a page. Whether it has come is seen when the page is to be shown. */
export function sendForCode(page: Page | undefined): void {
  page?.load().catch(() => undefined);
}

/** Sends for what a page reads first, while its code is on the way and the frame around it is made. */
export function sendForReads({ reads }: Page, params: Params, parameters: URLSearchParams): void {
  for (const { path, ...options } of reads?.(params, parameters) ?? []) readAhead(path, options);
}
