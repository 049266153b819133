import { readAhead } from '../api/client.ts';
import type { Page } from '../pages.ts';
import type { Params } from '../router/match.ts';

/** Requests the code of a page. A failure is seen when the page is to be shown. */
export function sendForCode(page: Page | undefined): void {
  page?.load().catch(() => undefined);
}

/** Sends the first reads of a page, while its code is on the way and before the frame around it is rendered. */
export function sendForReads({ reads }: Page, params: Params, parameters: URLSearchParams): void {
  for (const { path, ...options } of reads?.(params, parameters) ?? []) readAhead(path, options);
}
