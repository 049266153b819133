import { BASE } from '../api/base.ts';
import { withParameters } from './match.ts';

/** Where the person is. `path` is that of the server, such as `/app/sessions`, whatever it is published under. */
class Router {
  path = $state(currentPath());
  search = $state(location.search);
  hash = $state(location.hash);
  readonly parameters = $derived(new URLSearchParams(this.search));
  /** Grows with each navigation to another page, for what begins at its top. */
  visit = $state(0);

  constructor() {
    window.addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#onClick(event));
  }

  /** Goes to a path of the console, with its query string. */
  go(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
    const address = BASE + to.replace(/^\/+/, '');
    if (replace) history.replaceState(history.state, '', address);
    else history.pushState(null, '', address);
    this.#read();
  }

  /** Changes parameters of the query string and stays on the page. */
  set(
    changes: Readonly<Record<string, string | readonly string[] | undefined>>,
    options: { readonly replace?: boolean } = {},
  ): void {
    const search = withParameters(this.search, changes);
    if (search !== this.search) this.go(this.path + search + this.hash, options);
  }

  /** The `href` of a link to a path of the console. */
  href(to: string): string {
    return BASE + to.replace(/^\/+/, '');
  }

  #read(): void {
    const before = this.path;
    this.path = currentPath();
    this.search = location.search;
    this.hash = location.hash;
    if (this.path !== before) this.visit++;
  }

  #onClick(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
    const { origin, pathname, search, hash } = new URL(link.href);
    if (origin !== location.origin || !isOurs(pathname)) return;
    event.preventDefault();
    this.go(`${pathname.slice(BASE.length - 1)}${search}${hash}`);
  }
}

function currentPath(): string {
  return `/${location.pathname.slice(BASE.length)}`;
}

/** Whether the console shows an address itself; the server has other pages, such as the documentation. */
function isOurs(pathname: string): boolean {
  return pathname === BASE || pathname.startsWith(`${BASE}app/`);
}

export const router = new Router();
