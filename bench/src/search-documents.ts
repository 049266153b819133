import type { SearchDocument } from '@opensync/stores';
import { someText } from './load.ts';

/** A message of about 800 characters, in sessions of 50. */
export function aSearchDocument(at: number): SearchDocument {
  return {
    id: `msg_${at}`,
    sessionId: `ses_${Math.floor(at / 50)}`,
    messageId: `msg_${at}`,
    version: at + 1,
    text: someText(800),
    toolText: '',
    title: `Session ${Math.floor(at / 50)}`,
    projectName: 'bench',
    projectPath: '/bench',
    source: 'claude-code',
    model: 'm',
    createdAt: at,
    visibility: 'private',
  };
}
