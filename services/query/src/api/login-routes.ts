import { named } from '@opensync/platform/api-document';
import type { ApiParameter, ApiRoute, JsonSchema } from '@opensync/platform/api-document';
import { z } from 'zod';
import { linkSchema } from '../login/link-request.ts';
import { loginSchema, sessionSchema } from '../login/answers.ts';
import { PROVIDERS } from '../login/providers/provider.ts';
import { connectSchema, providerLoginSchema } from '../login/providers/requests.ts';
import { formOf } from '../parameters.ts';

const session = named('LoginSession', sessionSchema);
const logins = named(
  'Logins',
  z.strictObject({
    logins: z.array(loginSchema.extend({ isCurrent: z.boolean().describe('Whether it is the one that asks') })),
  }),
);
const done = named('Done', z.strictObject({ ok: z.literal(true) }));
const csrfToken: ApiParameter = {
  name: 'X-CSRF-Token',
  in: 'header',
  required: false,
  description: 'With a cookie: the `csrfToken` of `GET /auth/session`. Every write with a cookie needs it.',
  schema: { type: 'string' },
};
const loggedOut = named(
  'LoggedOut',
  z.strictObject({
    ok: z.literal(true),
    redirect: z.string().optional().describe('Where the browser ends its login at the provider, if it has such a page'),
  }),
);
const whereTo = named('LoginContinues', z.strictObject({ url: z.string().describe('Where the browser goes next') }));
const providers = named(
  'LoginProviders',
  z.strictObject({ providers: z.array(z.strictObject({ id: z.enum(PROVIDERS), name: z.string() })) }),
);
const nothing: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

/** Logging in and out. */
export const LOGIN_ROUTES: readonly ApiRoute[] = [
  {
    ...{ method: 'GET', path: '/auth/login', tag: 'login', access: 'public' },
    summary: 'The page on which people log in',
    parameters: [
      {
        ...{ name: 'return', in: 'query', required: false },
        description: 'The path to continue at; anything else continues at `/`.',
        schema: { type: 'string' },
      },
    ],
    answers: { 200: { description: 'The page', mediaType: 'text/html' } },
  },
  {
    ...{ method: 'GET', path: '/auth/login.js', tag: 'login', access: 'public' },
    summary: 'The script of the login page',
    answers: { 200: { description: 'The script', mediaType: 'text/javascript' } },
  },
  {
    ...{ method: 'POST', path: '/auth/login/key', tag: 'login', access: ['account'] },
    summary: 'Log in with the key of the Authorization header',
    description:
      'Answers with the cookie of a new login, which may do what the key may do and ends with it. An earlier login of the same browser ends.',
    body: nothing,
    answers: { 200: { description: 'Who is logged in', schema: session } },
  },
  {
    ...{ method: 'POST', path: '/auth/login/link', tag: 'login', access: 'public' },
    summary: 'Log in with the token of a link, once',
    body: formOf(linkSchema),
    answers: { 200: { description: 'Who is logged in', schema: session } },
  },
  {
    ...{ method: 'GET', path: '/auth/session', tag: 'login', access: ['account'] },
    summary: 'Ask who the caller is',
    answers: { 200: { description: 'The caller; with a cookie also the login and its CSRF token', schema: session } },
  },
  {
    ...{ method: 'GET', path: '/auth/logins', tag: 'login', access: ['keys'] },
    summary: 'List where the caller is logged in',
    description: 'A key, and a login with one, reach the logins to the workspace of the key.',
    answers: { 200: { description: 'The logins, the most recently used one first', schema: logins } },
  },
  {
    ...{ method: 'DELETE', path: '/auth/logins/:id', tag: 'login', access: ['keys'] },
    summary: 'End a login of the caller',
    parameters: [
      { name: 'id', in: 'path', required: true, description: 'The login.', schema: { type: 'string' } },
      csrfToken,
    ],
    answers: { 200: { description: 'It has ended on every gateway', schema: done } },
  },
  {
    ...{ method: 'POST', path: '/auth/logout', tag: 'login', access: ['account'] },
    summary: 'Log out',
    parameters: [csrfToken],
    body: nothing,
    answers: { 200: { description: 'The login has ended on every gateway', schema: loggedOut } },
  },
  {
    ...{ method: 'GET', path: '/auth/providers', tag: 'login', access: 'public' },
    summary: 'List the identity providers that people can log in at',
    answers: { 200: { description: 'The providers', schema: providers } },
  },
  {
    ...{ method: 'POST', path: '/auth/login/provider', tag: 'login', access: 'public' },
    summary: 'Begin a login at an identity provider',
    description: 'The answer has a cookie that lets only this browser finish the login.',
    body: formOf(providerLoginSchema),
    answers: { 200: { description: 'Where the login continues', schema: whereTo } },
  },
  {
    ...{ method: 'POST', path: '/auth/connect', tag: 'login', access: ['keys'] },
    summary: 'Let the caller also log in at an identity provider',
    description:
      'With a cookie only. The caller then logs in at the provider, which proves that both are the same person.',
    parameters: [csrfToken],
    body: formOf(connectSchema),
    answers: { 200: { description: 'Where this continues', schema: whereTo } },
  },
  {
    ...{ method: 'GET', path: '/auth/callback/:provider', tag: 'login', access: 'public' },
    summary: 'Finish a login at an identity provider',
    parameters: [
      {
        ...{ name: 'provider', in: 'path', required: true, description: 'Which one sends the browser back.' },
        schema: { enum: [...PROVIDERS] },
      },
    ],
    answers: { 303: { description: 'Where the person continues, with the cookie of a login, or the login page' } },
  },
  {
    ...{ method: 'POST', path: '/auth/workos/webhook', tag: 'login', access: 'public' },
    summary: 'Hear from WorkOS about users, organizations and sessions',
    description: 'Needs the header `WorkOS-Signature`.',
    answers: { 200: { description: 'What changed is stored', schema: done } },
  },
];
