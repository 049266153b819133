import { named } from '@opensync/platform/api-document';
import type { ApiParameter, ApiRoute, JsonSchema } from '@opensync/platform/api-document';
import { z } from 'zod';
import { linkSchema } from '../login/link-request.ts';
import { loginSchema, sessionSchema } from '../login/answers.ts';
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
    ...{ method: 'GET', path: '/auth/logins', tag: 'login', access: ['account'] },
    summary: 'List where the caller is logged in',
    answers: { 200: { description: 'The logins, the most recently used one first', schema: logins } },
  },
  {
    ...{ method: 'DELETE', path: '/auth/logins/:id', tag: 'login', access: ['account'] },
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
    answers: { 200: { description: 'The login has ended on every gateway', schema: done } },
  },
];
