import { named, type ApiParameter, type ApiRoute, type JsonSchema } from '@opensync/platform/api-document';
import { z } from 'zod';
import {
  invitationList,
  invitedAnswer,
  joinedAnswer,
  keyPage,
  memberPage,
  newInvitation,
  newKey,
  oneKey,
  removedAnswer,
  roleAnswer,
  rotatedKey,
} from '../account/answers.ts';
import { newInvitationSchema, newKeySchema, roleSchema, rotateSchema } from '../account/requests.ts';
import { sessionSchema } from '../login/answers.ts';
import { linkSchema } from '../login/link-request.ts';
import { formOf } from '../parameters.ts';

const done = named('Done', z.strictObject({ ok: z.literal(true) }));
const session = named('LoginSession', sessionSchema);
const inPath = (description: string): ApiParameter => ({
  ...{ name: 'id', in: 'path', required: true, description },
  schema: { type: 'string' },
});
const inQuery = (name: string, description: string, schema: JsonSchema): ApiParameter => ({
  ...{ name, in: 'query', required: false, description, schema },
});
const page = [
  inQuery('limit', 'Rows of a page, 1 to 200; 50 by default.', { type: 'integer' }),
  inQuery('cursor', 'Of the page before.', { type: 'string' }),
];

/** Keys, members and invitations. */
export const ACCOUNT_ROUTES: readonly ApiRoute[] = [
  {
    ...{ method: 'GET', path: '/api/keys', tag: 'account', access: ['account'] },
    summary: 'List API keys',
    description: 'Valid ones first, then newest first.',
    parameters: [
      inQuery('of', '`workspace`: of all members, for owners and admins with the scope `admin`.', {
        enum: ['me', 'workspace'],
      }),
      ...page,
    ],
    answers: { 200: { description: 'A page of keys', schema: keyPage } },
  },
  {
    ...{ method: 'POST', path: '/api/keys', tag: 'account', access: ['keys'] },
    summary: 'Create an API key',
    body: formOf(newKeySchema),
    answers: { 200: { description: 'The key, which is shown only here', schema: newKey } },
  },
  {
    ...{ method: 'POST', path: '/api/keys/:id/rotate', tag: 'account', access: ['keys'] },
    summary: 'Replace an API key',
    description:
      'The new key has the name, the scopes and the expiry of the former one, which stays valid for a while.',
    parameters: [inPath('The key.')],
    body: formOf(rotateSchema),
    answers: { 200: { description: 'The new key, which is shown only here', schema: rotatedKey } },
  },
  {
    ...{ method: 'DELETE', path: '/api/keys/:id', tag: 'account', access: ['keys'] },
    summary: 'Revoke an API key',
    description: 'Owners and admins also revoke those of other members.',
    parameters: [inPath('The key.')],
    answers: { 200: { description: 'It gives no access on any gateway', schema: oneKey } },
  },
  {
    ...{ method: 'GET', path: '/api/members', tag: 'account', access: ['members'] },
    summary: 'List the members of the workspace',
    parameters: page,
    answers: { 200: { description: 'A page of members', schema: memberPage } },
  },
  {
    ...{ method: 'PATCH', path: '/api/members/:id', tag: 'account', access: ['manageMembers'] },
    summary: 'Change the role of a member',
    description: 'Only an owner makes or changes an owner, and the last owner stays one.',
    parameters: [inPath('The user.')],
    body: formOf(roleSchema),
    answers: { 200: { description: 'It applies from the next request', schema: roleAnswer } },
  },
  {
    ...{ method: 'DELETE', path: '/api/members/:id', tag: 'account', access: ['manageMembers'] },
    summary: 'Remove a member',
    description: 'Keys and logins of the member end. Sessions stay stored.',
    parameters: [inPath('The user.')],
    answers: { 200: { description: 'The member has no access any more', schema: removedAnswer } },
  },
  {
    ...{ method: 'GET', path: '/api/invitations', tag: 'account', access: ['manageMembers'] },
    summary: 'List open invitations',
    answers: { 200: { description: 'The invitations, newest first', schema: invitationList } },
  },
  {
    ...{ method: 'POST', path: '/api/invitations', tag: 'account', access: ['manageMembers'] },
    summary: 'Invite somebody to the workspace',
    body: formOf(newInvitationSchema),
    answers: { 200: { description: 'The invitation, with its token', schema: newInvitation } },
  },
  {
    ...{ method: 'DELETE', path: '/api/invitations/:id', tag: 'account', access: ['manageMembers'] },
    summary: 'Withdraw an invitation',
    parameters: [inPath('The invitation.')],
    answers: { 200: { description: 'Nobody can accept it', schema: done } },
  },
  {
    ...{ method: 'POST', path: '/auth/invitation', tag: 'login', access: 'public' },
    summary: 'Ask what an invitation is for',
    body: formOf(linkSchema),
    answers: { 200: { description: 'The workspace and the role', schema: invitedAnswer } },
  },
  {
    ...{ method: 'POST', path: '/auth/login/invitation', tag: 'login', access: 'public' },
    summary: 'Accept an invitation as a new user',
    description: 'Somebody who is a user already logs in first, and calls `POST /auth/invitation/join`.',
    body: formOf(linkSchema),
    answers: { 200: { description: 'Who is logged in', schema: session } },
  },
  {
    ...{ method: 'POST', path: '/auth/invitation/join', tag: 'login', access: ['keys'] },
    summary: 'Accept an invitation as the caller',
    description: 'With a cookie, the answer has that of a login to the workspace of the invitation.',
    body: formOf(linkSchema),
    answers: { 200: { description: 'The caller is a member', schema: joinedAnswer } },
  },
];
