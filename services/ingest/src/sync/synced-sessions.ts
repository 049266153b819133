import { Readable } from 'node:stream';
import { sessionView, type Owner, type SessionState } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';

/** Sessions read from the store at once. */
const PAGE = 1000;

/** The stored sessions of an owner, by the ids that the plugins know. */
export class SyncedSessions {
  readonly #documents: Pick<DocumentStore, 'sessions'>;

  constructor(documents: Pick<DocumentStore, 'sessions'>) {
    this.#documents = documents;
  }

  /**
   * `{"sessionIds":[…]}`, newest first, as a stream that reads one page ahead of the client, because an owner may
   * have any number. The first page is read before it resolves, so that an unavailable store is still a 503.
   */
  async json(owner: Owner): Promise<Readable> {
    const pages = this.#pages(owner);
    const first = await pages.next();
    return Readable.from(jsonOf(first, pages));
  }

  async *#pages(owner: Owner): AsyncGenerator<SessionState[], void> {
    let last: SessionState | undefined;
    do {
      const after = last && { value: sessionView(last).createdAt, id: last.id };
      const page = await this.#documents.sessions(owner, { limit: PAGE, sort: 'createdAt', order: 'desc', after });
      yield page;
      last = page.length === PAGE ? page.at(-1) : undefined;
    } while (last);
  }
}

async function* jsonOf(
  first: IteratorResult<SessionState[], void>,
  rest: AsyncGenerator<SessionState[], void>,
): AsyncGenerator<string> {
  const opening = '{"sessionIds":[';
  let lead = opening;
  for (let page = first; !page.done; page = await rest.next()) {
    // The last page is empty if the number of sessions is a multiple of the page size.
    if (page.value.length === 0) continue;
    yield lead + page.value.map(({ externalId }) => JSON.stringify(externalId)).join(',');
    lead = ',';
  }
  yield lead === opening ? `${opening}]}` : ']}';
}
