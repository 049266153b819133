import { EVENT_CATALOGUE, eventHeaders, eventSubject, type NewEvent } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';

/** The event as the log would deliver it. */
export function delivery(event: NewEvent, sequence: number): Delivery {
  const headers = eventHeaders(event, 'test');
  const subject = eventSubject(event.owner, EVENT_CATALOGUE[event.type].entity);
  return raw(subject, sequence, JSON.stringify(event.data), headers);
}

export function raw(subject: string, sequence: number, body: string, headers: Record<string, string> = {}): Delivery {
  return { subject, sequence, attempts: 1, header: (name) => headers[name], body: () => body };
}

/** The events as the first of a log. */
export function stream(events: readonly NewEvent[]): Delivery[] {
  return events.map((event, at) => delivery(event, at + 1));
}

/** For a projection whose deletions come in order: it never reads the log again. */
export function noHistory(): never {
  throw new Error('this test has no log to read');
}
