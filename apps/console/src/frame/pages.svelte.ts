import { FIRST_PAGE, PAGES, type Page } from '../pages.ts';
import { match, type Params } from '../router/match.ts';
import { router } from '../router/router.svelte.ts';
import { session } from '../session/session.svelte.ts';

/** The page of an address; undefined if there is none. */
export function pageAt(path: string): { readonly page: Page; readonly params: Params } | undefined {
  for (const page of PAGES) {
    const params = match(page.path, path);
    if (params) return { page, params };
  }
  return undefined;
}

export type NavPage = Page & { readonly nav: NonNullable<Page['nav']> };

/** The pages of the navigation that the person may see, by group. */
export function navigation(): readonly { readonly group: string; readonly pages: readonly NavPage[] }[] {
  const groups = new Map<string, NavPage[]>();
  for (const page of PAGES) {
    if (!page.nav || (page.nav.for === 'admin' && !session.isAdmin) || !isAllowed(page)) continue;
    const pages = groups.get(page.nav.group) ?? [];
    groups.set(page.nav.group, [...pages, page as NavPage]);
  }
  return [...groups].map(([group, pages]) => ({ group, pages }));
}

/** Whether the person may see a page. */
export function isAllowed({ needs }: Pick<Page, 'needs'>): boolean {
  return needs === undefined || session.can(needs);
}

/** Where `/` leads. */
export function firstPage(): Page | undefined {
  const pages = navigation().flatMap(({ pages: ofGroup }) => ofGroup);
  return pages.find(({ path }) => path === FIRST_PAGE) ?? pages[0];
}

/** Whether a page of the navigation is the one that is shown, or leads to it. */
export function isCurrent(page: Page): boolean {
  return router.path === page.path || router.path.startsWith(`${page.path}/`);
}
