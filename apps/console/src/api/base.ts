/** Where the server is: `/`, or the path that a proxy publishes it under. It writes that into `<base>`. */
export const BASE = new URL('.', document.baseURI).pathname;

/** The address of a path of the server, such as `/api/sessions`. */
export function addressOf(path: string): string {
  return BASE + path.replace(/^\/+/, '');
}

/** The address of the server as plugins and other programs know it, without a slash at its end. */
export const SERVER = new URL('.', document.baseURI).href.replace(/\/$/, '');
