import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { jetstream } from '@nats-io/jetstream';
import { headers as newHeaders } from '@nats-io/transport-node';
import { messageView, sessionView, type Owner } from '@opensync/contracts';
import { parseQuery, type DocumentStore } from '@opensync/stores';
import { LIMIT_MS, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { rebuild } from './rebuild.ts';

/** Events and their documents as the first version wrote them. */
const former = (name: string) => readFileSync(new URL(`../testing/former/${name}`, import.meta.url), 'utf8');
const events = JSON.parse(former('events.json')) as {
  subject: string;
  headers: Record<string, string>;
  body: { messageId?: string; sessionId: string };
}[];
const [, , workspaceId, userId] = events[0]!.subject.split('.') as [string, string, string, string];
const owner: Owner = { workspaceId, userId };
const { sessionId } = events[0]!.body;
const messageIds = [...new Set(events.flatMap(({ body }) => body.messageId ?? []))];

function writeFormerDocuments(folder: string): void {
  const database = new DatabaseSync(join(folder, 'documents.db'));
  database.exec(former('documents.sql'));
  database.close();
}

async function publishFormerEvents({ nc }: RunningProjections): Promise<void> {
  const js = jetstream(nc);
  for (const { subject, headers, body } of events) {
    const sent = newHeaders();
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    await js.publish(subject, JSON.stringify(body), { headers: sent });
  }
}

const heading = async (documents: DocumentStore) =>
  sessionView((await documents.load(owner, { sessions: [sessionId] })).sessions.get(sessionId)!);

async function whole(documents: DocumentStore) {
  const { messages } = await documents.wholeMessages(owner, messageIds, 1e6);
  return messages.map(({ message, parts }) => messageView(message, parts));
}

describe('a data folder of the first version', () => {
  it(
    'is read unchanged, and reflects today’s reading of its events after a rebuild',
    async () => {
      const running = await startProjections({}, writeFormerDocuments);
      try {
        const { documents } = running.stores;
        expect(await heading(documents)).toMatchObject({ title: 'Untitled', model: null, promptTokens: 120 });
        expect((await whole(documents)).map(({ text }) => text)).toEqual([
          ...['Why do herons nest in trees?', null, expect.stringMatching(/^And bitterns\? .{7000,}/)],
        ]);

        await publishFormerEvents(running);
        await running.atRest();
        for (const store of ['documents', 'search'] as const) {
          expect(await rebuild(store, running.resources)).toMatchObject({ generation: 2, skipped: 0 });
        }

        expect(await heading(running.stores.documents)).toMatchObject({
          ...{ title: 'Why do herons nest in trees?', model: 'claude-opus-4-6' },
          ...{ promptTokens: 120, completionTokens: 30, messageCount: 3, projectPath: '/srv/birds' },
        });
        const [, answer] = await whole(running.stores.documents);
        expect(answer!.parts.map(({ type }) => type)).toEqual(['text', 'tool-call', 'tool-result']);
        expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
        const query = { parsed: parseQuery('colonies'), filter: { model: 'claude-opus-4-6' }, limit: 5 };
        expect(await running.stores.search.search(owner, query)).toHaveLength(1);
      } finally {
        await running.close();
      }
    },
    LIMIT_MS,
  );
});
