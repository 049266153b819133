import type { Component } from 'svelte';
import type { PathsOf, Query } from './api/client.ts';
import { openingQuery, outlineQuery } from './pages/session/first-reads.ts';
import { firstQuery } from './pages/sessions/filters.ts';
import type { IconName } from './parts/icons.ts';
import type { Params } from './router/match.ts';
import type { Action } from './session/access.ts';

/** A read of the API. */
interface Read {
  readonly path: PathsOf<'get'>;
  readonly at?: Params;
  readonly query: Query;
}

export interface Page {
  /** Its path; `:name` matches a segment, which the component gets as a property of its `params`. */
  readonly path: string;
  readonly title: string;
  /** Loaded when the page is opened. */
  readonly load: () => Promise<{ default: Component<{ params: Params }> }>;
  /** Its first reads, with the same paths and queries as its own: sent before its code is there, if it is the first page. */
  readonly reads?: (params: Params, parameters: URLSearchParams) => readonly Read[];
  /** Its place in the navigation; absent: it is reached from other pages. */
  readonly nav?: {
    readonly group: 'Work' | 'Insight' | 'Operate' | 'Account';
    readonly icon: IconName;
    /** Pressed after `g`. */
    readonly key: string;
    /** Who sees it; absent: everybody. */
    readonly for?: 'admin';
  };
  /** What a person must be allowed to do; others do not see it in the navigation, and are told why. Absent: to be logged in. */
  readonly needs?: Action;
  /** Shown over the whole width, without margins. */
  readonly isWide?: true;
}

/** Every page of the console. A new one needs its row here and nothing else (README.md). */
export const PAGES: readonly Page[] = [
  {
    path: '/app/sessions',
    title: 'Sessions',
    needs: 'read',
    load: () => import('./pages/sessions/SessionsPage.svelte'),
    reads: (_params, parameters) => [{ path: '/api/sessions', query: firstQuery(parameters) }],
    nav: { group: 'Work', icon: 'list', key: 's' },
    isWide: true,
  },
  {
    path: '/app/sessions/:id',
    title: 'Session',
    needs: 'read',
    load: () => import('./pages/session/SessionPage.svelte'),
    reads: (at, parameters) => {
      const target = parameters.get('m') ?? undefined;
      return [
        { path: '/api/sessions/{id}', at, query: openingQuery(target) },
        { path: '/api/sessions/{id}/outline', at, query: outlineQuery(target) },
      ];
    },
    isWide: true,
  },
  {
    path: '/app/search',
    title: 'Search',
    needs: 'read',
    load: () => import('./pages/search/SearchPage.svelte'),
    nav: { group: 'Work', icon: 'search', key: 'f' },
  },
  {
    path: '/app/live',
    title: 'Live',
    needs: 'read',
    load: () => import('./pages/live/LivePage.svelte'),
    nav: { group: 'Work', icon: 'live', key: 't' },
  },
  {
    path: '/app/context',
    title: 'Context',
    needs: 'read',
    load: () => import('./pages/context/ContextPage.svelte'),
    nav: { group: 'Work', icon: 'context', key: 'c' },
  },
  {
    path: '/app/evals',
    title: 'Evals',
    needs: 'read',
    load: () => import('./pages/evals/EvalsPage.svelte'),
    nav: { group: 'Work', icon: 'check', key: 'e' },
  },
  {
    path: '/app/analytics',
    title: 'Analytics',
    needs: 'figures',
    load: () => import('./pages/analytics/AnalyticsPage.svelte'),
    nav: { group: 'Insight', icon: 'chart', key: 'a' },
  },
  {
    path: '/app/wrapped',
    title: 'Wrapped',
    needs: 'figures',
    load: () => import('./pages/wrapped/WrappedPage.svelte'),
    nav: { group: 'Insight', icon: 'gift', key: 'w' },
  },
  {
    path: '/app/logs',
    title: 'API log',
    needs: 'logs',
    load: () => import('./pages/logs/LogsPage.svelte'),
    nav: { group: 'Operate', icon: 'logs', key: 'l' },
  },
  {
    path: '/app/operate/services',
    title: 'Services',
    load: () => import('./pages/operate/ServicesPage.svelte'),
    nav: { group: 'Operate', icon: 'gauge', key: 'v', for: 'admin' },
  },
  {
    path: '/app/operate/dead-letters',
    title: 'Dead letters',
    load: () => import('./pages/operate/DeadLettersPage.svelte'),
    nav: { group: 'Operate', icon: 'letter', key: 'd', for: 'admin' },
  },
  {
    path: '/app/operate/dead-letters/:id',
    title: 'Dead letter',
    load: () => import('./pages/operate/DeadLetterPage.svelte'),
  },
  {
    path: '/app/operate/data',
    title: 'Data',
    load: () => import('./pages/operate/DataPage.svelte'),
    nav: { group: 'Operate', icon: 'data', key: 'b', for: 'admin' },
  },
  {
    path: '/app/operate/data/:id',
    title: 'Document',
    load: () => import('./pages/operate/DocumentPage.svelte'),
  },
  {
    path: '/app/operate/events/:sequence',
    title: 'Event',
    load: () => import('./pages/operate/EventPage.svelte'),
  },
  {
    path: '/app/operate/schedules',
    title: 'Schedules',
    load: () => import('./pages/operate/SchedulesPage.svelte'),
    nav: { group: 'Operate', icon: 'clock', key: 'j', for: 'admin' },
  },
  {
    path: '/app/operate/rebuild',
    title: 'Rebuild',
    load: () => import('./pages/operate/RebuildPage.svelte'),
    nav: { group: 'Operate', icon: 'rebuild', key: 'r', for: 'admin' },
  },
  {
    path: '/app/operate/backups',
    title: 'Backups',
    load: () => import('./pages/operate/BackupsPage.svelte'),
    nav: { group: 'Operate', icon: 'backup', key: 'u', for: 'admin' },
  },
  {
    path: '/app/operate/settings',
    title: 'Settings',
    load: () => import('./pages/operate/SettingsPage.svelte'),
    nav: { group: 'Operate', icon: 'settings', key: ',', for: 'admin' },
  },
  {
    path: '/app/connect',
    title: 'Keys and connect',
    load: () => import('./pages/connect/ConnectPage.svelte'),
    nav: { group: 'Account', icon: 'key', key: 'k' },
  },
  {
    path: '/app/members',
    title: 'Members',
    needs: 'members',
    load: () => import('./pages/members/MembersPage.svelte'),
    nav: { group: 'Account', icon: 'people', key: 'm' },
  },
  {
    path: '/app/profile',
    title: 'Profile',
    load: () => import('./pages/profile/ProfilePage.svelte'),
    nav: { group: 'Account', icon: 'person', key: 'p' },
  },
  {
    path: '/app/docs',
    title: 'Docs',
    load: () => import('./pages/docs/DocsPage.svelte'),
    nav: { group: 'Account', icon: 'book', key: 'h' },
  },
  {
    path: '/app/docs/:page',
    title: 'Docs',
    load: () => import('./pages/docs/DocPage.svelte'),
  },
  {
    path: '/app/docs/:folder/:page',
    title: 'Docs',
    load: () => import('./pages/docs/DocPage.svelte'),
  },
];

/** Where `/` leads those who may see it. */
export const FIRST_PAGE = '/app/sessions';
