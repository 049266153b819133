import { readAhead } from '../api/client.ts';
import { FIRST_PAGE } from '../pages.ts';
import { router } from '../router/router.svelte.ts';
import { pageAt } from './pages.svelte.ts';

/**
 * Sends for the code of the page that the address leads to, and for what that reads first: beside the question of who is logged in,
 * not after it. Whether they have come is seen when the page is shown.
 */
export function sendForFirstPage(): void {
  const isStart = router.path === '/' || router.path === '/app';
  const found = pageAt(isStart ? FIRST_PAGE : router.path);
  if (!found) return;
  const { page, params } = found;
  page.load().catch(() => undefined);
  const parameters = isStart ? new URLSearchParams() : router.parameters;
  for (const { path, ...options } of page.reads?.(params, parameters) ?? []) readAhead(path, options);
}
