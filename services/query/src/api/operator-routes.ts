import type { ApiRoute } from '@opensync/platform/api-document';
import { lettersSchema } from '../operator/operator-requests.ts';
import { formOf } from '../parameters.ts';
import {
  backupsAnswer,
  documentPage,
  droppedLetters,
  generationsAnswer,
  letterPage,
  operatorStatus,
  ownersAnswer,
  processesAnswer,
  projectionsAnswer,
  replayedLetters,
  settingsAnswer,
  storedDocument,
  storedEvent,
  wholeLetter,
} from './operator-answers.ts';
import { read } from './read-route.ts';

const operator = { tag: 'operator', access: ['operate'], waits: false } as const;

/** What operators see of the whole installation, and do. */
export const OPERATOR_ROUTES: readonly ApiRoute[] = [
  {
    ...read('GET /api/projections', 'Ask how far each projection is'),
    ...operator,
    access: ['account'],
    description: 'For everybody: what is read from a projection is as old as this says.',
    answers: { 200: { description: 'Each projection', schema: projectionsAnswer } },
  },
  {
    ...read('GET /api/operator/status', 'Ask how the log, its consumers and the stores are'),
    ...operator,
    description: 'The same as `opensync status --json`.',
    answers: { 200: { description: 'The state of the installation', schema: operatorStatus } },
  },
  {
    ...read('GET /api/operator/processes', 'List the processes, with what they have counted'),
    ...operator,
    answers: { 200: { description: 'Those that answered', schema: processesAnswer } },
  },
  {
    ...read('GET /api/operator/settings', 'List the settings of each process'),
    ...operator,
    answers: { 200: { description: 'Each with its value and where that comes from', schema: settingsAnswer } },
  },
  {
    ...read('GET /api/operator/generations', 'List the generations of each store, and how far a rebuild is'),
    ...operator,
    answers: { 200: { description: 'Each store', schema: generationsAnswer } },
  },
  {
    ...read('GET /api/operator/backups', 'List backups and rehearsals'),
    ...operator,
    description:
      'As they were recorded in the log when they ended; whether the files are still there, only their folder says.',
    answers: { 200: { description: 'The last ones', schema: backupsAnswer } },
  },
  {
    ...read('GET /api/operator/owners', 'List the users of each workspace'),
    ...operator,
    answers: { 200: { description: 'Whose documents can be looked at', schema: ownersAnswer } },
  },
  {
    ...read('GET /api/operator/documents', 'List documents of a user'),
    ...operator,
    answers: { 200: { description: 'A page of sessions, newest first, or of messages', schema: documentPage } },
  },
  {
    ...read('GET /api/operator/documents/:id', 'Read a document in every store, with the events it comes from'),
    ...operator,
    description: 'Each value names the event that set it.',
    answers: { 200: { description: 'The document', schema: storedDocument } },
  },
  {
    ...read('GET /api/operator/events/:sequence', 'Read an event of the log'),
    ...operator,
    answers: { 200: { description: 'The event', schema: storedEvent } },
  },
  {
    ...read('GET /api/operator/dead-letters', 'List what could not be processed'),
    ...operator,
    description: 'Oldest first.',
    answers: { 200: { description: 'A page of dead letters', schema: letterPage } },
  },
  {
    ...read('GET /api/operator/dead-letters/:id', 'Read a dead letter'),
    ...operator,
    answers: { 200: { description: 'The letter with its body', schema: wholeLetter } },
  },
  {
    ...{ method: 'POST', path: '/api/operator/dead-letters/replay', ...operator },
    summary: 'Process dead letters again',
    description: 'One after the other, for up to 20 seconds. Those that are processed are gone.',
    body: formOf(lettersSchema),
    answers: { 200: { description: 'What came of each', schema: replayedLetters } },
  },
  {
    ...{ method: 'POST', path: '/api/operator/dead-letters/drop', ...operator },
    summary: 'Delete dead letters for good',
    body: formOf(lettersSchema),
    answers: { 200: { description: 'Which were there', schema: droppedLetters } },
  },
];
