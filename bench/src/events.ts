import { EVENT_CATALOGUE, eventHeaders, eventSubject, type NewEvent } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { someText } from './load.ts';

const MESSAGES_PER_SESSION = 50;

/** One owner's sessions, each followed by its messages of about 1 KiB; `from` continues where an earlier call ended. */
export function manyEvents(count: number, from = 0): NewEvent[] {
  return Array.from({ length: count }, (_, offset) => {
    const at = from + offset;
    const externalId = `session-${Math.floor(at / MESSAGES_PER_SESSION)}`;
    return at % MESSAGES_PER_SESSION === 0
      ? aSessionSynced({ externalId, title: someText(40), source: 'claude-code' })
      : aMessageSynced({
          externalId: `message-${at}`,
          sessionExternalId: externalId,
          role: 'user',
          textContent: someText(800),
          promptTokens: 10,
        });
  });
}

/** The events as the first ones of a log. */
export function deliveries(events: readonly NewEvent[]): Delivery[] {
  return events.map((event, at) => {
    const headers = eventHeaders(event, 'bench');
    const body = JSON.stringify(event.data);
    return {
      subject: eventSubject(event.owner, EVENT_CATALOGUE[event.type].entity),
      sequence: at + 1,
      attempts: 1,
      header: (name) => headers[name],
      body: () => body,
    };
  });
}

export function inBatches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
