import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** What the development server passes on to OpenSync. */
const SERVER = process.env.OPENSYNC_URL ?? 'http://localhost:3211';
const PASSED_ON = [
  '/api',
  '/auth',
  '/docs',
  '/public',
  '/s',
  '/sync',
  '/mcp',
  '/search',
  '/readyz',
  '/livez',
  '/openapi.json',
];

export default defineConfig({
  root: import.meta.dirname,
  // The server says in `<base>` where the console is; all addresses are relative to that.
  base: './',
  plugins: [svelte()],
  // `require-trusted-types-for` forbids what a polyfill would do, and every supported browser preloads modules itself.
  build: {
    target: 'es2022',
    assetsDir: 'app/assets',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
    license: { fileName: 'licenses.md' },
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(PASSED_ON.map((path) => [`^${path}(/|\\?|$)`, { target: SERVER }])),
  },
});
