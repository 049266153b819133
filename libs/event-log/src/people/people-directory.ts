import { setTimeout as delay } from 'node:timers/promises';
import {
  decodeEvent,
  MalformedEventError,
  newUserId,
  newWorkspaceId,
  ownerSubjects,
  parseEventSubject,
  PEOPLE_SUBJECTS,
  sharesDerivedIds,
  userIdOf,
  workspaceIdOf,
  type NewEvent,
  type Owner,
  type Role,
} from '@opensync/contracts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { uuidv7 } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { LiveCopy, type LiveCopyOptions } from '../live-copy.ts';
import { encodeEvent, EncodedHeaders } from '../publish/wire.ts';
import { watchStream, type WatchedMessage } from '../stream-watch.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import { provideMember, userOf, type Decision, type PeopleDraft } from './decisions.ts';
import { DEFAULT_WORKSPACE, People, type FormerOwner } from './people.ts';

const SOURCE = 'opensync/people';
/** Commands about people are rare: losing the race this often in a row points to another problem. */
const MAX_ATTEMPTS = 20;
const CATCH_UP_MS = 5_000;
const POLL_MS = 10;

/**
 * Users, workspaces and memberships according to the log: every gateway keeps them in memory and receives changes at
 * once. Each has its own subject and each event contains all its facts, so reading the last event of every subject is
 * enough.
 */
export class PeopleDirectory {
  readonly #nc: LogConnection;
  readonly #copy: LiveCopy<WatchedMessage>;
  #people: People;
  /** The state that a new watch delivers: it replaces the known state once it is complete. */
  #loading: People;

  /** @param former owners whom API keys name, by ownerKey */
  constructor(
    nc: LogConnection,
    former: () => ReadonlyMap<string, FormerOwner> = () => new Map(),
    options: LiveCopyOptions = {},
  ) {
    this.#nc = nc;
    this.#people = this.#loading = new People(former);
    const source = {
      watch: () => watchStream(nc, STREAM.events, PEOPLE_SUBJECTS),
      begin: () => void (this.#loading = new People(former)),
      apply: (message: WatchedMessage) => this.#apply(message),
      complete: () => void (this.#people = this.#loading),
      last: () => this.#lastSequence(),
    };
    this.#copy = new LiveCopy(nc, 'users', source, options);
  }

  /** The known state. Access decisions check {@link isCurrent} first, or get an UNAVAILABLE from {@link current}. */
  get people(): People {
    return this.#people;
  }

  /** The known state. @throws AppError UNAVAILABLE while it is not complete and recent enough for decisions */
  current(): People {
    this.#copy.assertCurrent();
    return this.#people;
  }

  /**
   * The current role of a member; undefined if the owner is no member of the workspace.
   * @throws AppError UNAVAILABLE, also for a membership that a newer version has written
   */
  roleFor(owner: Owner): Role | undefined {
    const people = this.current();
    if (people.isUnreadable(owner)) {
      throw unavailable(new Error('a newer version has written the membership; this one cannot read it'));
    }
    return people.roleOf(owner);
  }

  get isCurrent(): boolean {
    return this.#copy.isCurrent;
  }

  /** Resolves when everything that existed at opening is known, or this is closed. */
  ready(): Promise<void> {
    return this.#copy.ready();
  }

  /**
   * Resolves with the events of a decision once they are durably stored and applied here; other gateways receive them
   * within moments. No event is stored based on an outdated state: if others changed it meanwhile, the decision is
   * made again.
   * @throws AppError UNAVAILABLE, and errors of the decision
   */
  async change(decide: Decision): Promise<PeopleDraft[]> {
    const said: PeopleDraft[] = [];
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      // First: nothing else checks a decision that writes no event, or rejects.
      await this.#catchUp();
      const people = this.current();
      const drafts = decide(people);
      // Exactly the state that the decision is based on: other events may become known here between two events.
      let known: number | undefined = people.sequence;
      let drafted = 0;
      while (drafted < drafts.length) {
        known = await this.#append(drafts[drafted]!, known);
        if (known === undefined) break;
        said.push(drafts[drafted++]!);
      }
      if (drafted === drafts.length) return said;
    }
    throw unavailable(new Error('other processes keep changing users and workspaces'));
  }

  /** Stores an event that no decision depends on. @throws AppError UNAVAILABLE */
  async record(draft: PeopleDraft): Promise<void> {
    await this.#publish(draft);
  }

  /**
   * The user with an e-mail address as a member of a workspace, by name or id; creates what is missing. Default: the workspace
   * that every installation starts with. @throws AppError UNAVAILABLE, and errors of the decision
   */
  async provide(email: string, workspace = workspaceIdOf(DEFAULT_WORKSPACE)): Promise<Owner> {
    const ids = { workspaceId: await this.#newWorkspaceId(workspace), userId: newUserId() };
    const workspaceId = this.current().findWorkspace(workspace)?.workspaceId ?? ids.workspaceId;
    if (!this.current().findUser(email, workspaceId)) ids.userId = await this.newUserId(email, workspaceId);
    await this.change(provideMember(email, workspace, ids));
    const found = this.people.findWorkspace(workspace)!;
    return { workspaceId: found.workspaceId, userId: userOf(this.people, email, found.workspaceId).userId };
  }

  /**
   * The id for a new user with an address: random, unless the log has sessions under the id that earlier versions
   * derived from it. The user's keys were then left out of an import, or the bucket was lost.
   * @throws AppError UNAVAILABLE
   */
  async newUserId(email: string, workspaceId: string): Promise<string> {
    const former = { workspaceId, userId: userIdOf(workspaceId, email) };
    const isFree = !sharesDerivedIds(email) && !this.current().knows(former.userId);
    return isFree && (await this.#hasEvents(former)) ? former.userId : newUserId();
  }

  /** As {@link newUserId}: the id that earlier versions derived from the name, if the log has events for it. */
  async #newWorkspaceId(name: string): Promise<string> {
    const workspaceId = workspaceIdOf(name);
    const isKnown = this.current().findWorkspace(workspaceId) !== undefined;
    return !isKnown && (await this.#hasEvents({ workspaceId, userId: '*' })) ? workspaceId : newWorkspaceId();
  }

  /** Whether the log has any event of an owner. @throws AppError UNAVAILABLE */
  async #hasEvents(owner: Owner): Promise<boolean> {
    return orUnavailable(this.#nc, async () => {
      const { streams } = await jetstreamManager(this.#nc, { checkAPI: false });
      return (await streams.getMessage(STREAM.events, { last_by_subj: ownerSubjects(owner) })) !== null;
    });
  }

  close(): Promise<void> {
    return this.#copy.close();
  }

  /** The sequence of the event; undefined if others stored an event after the known one. */
  async #append(draft: PeopleDraft, known: number): Promise<number | undefined> {
    try {
      const event = await this.#publish(draft, known);
      this.#people.apply(event);
      this.#loading.apply(event);
      return event.sequence;
    } catch (error) {
      if (isConflict((error as Error).cause)) return undefined;
      throw error;
    }
  }

  /** @param after the sequence of the last event about people that may be on the log */
  async #publish(draft: PeopleDraft, after?: number) {
    const event = { ...draft, id: uuidv7(), time: Date.now() } as NewEvent;
    const wire = encodeEvent(event, { source: SOURCE, deduplicate: true });
    const condition =
      after === undefined
        ? ''
        : `Nats-Expected-Last-Subject-Sequence: ${after}\r\nNats-Expected-Last-Subject-Sequence-Subject: ${PEOPLE_SUBJECTS}\r\n`;
    const headers = new EncodedHeaders(wire.headers + condition);
    const { seq } = await orUnavailable(this.#nc, () =>
      jetstream(this.#nc).publish(wire.subject, wire.body, { headers }),
    );
    return { ...event, sequence: seq };
  }

  async #catchUp(): Promise<void> {
    const last = await orUnavailable(this.#nc, () => this.#lastSequence());
    const deadline = performance.now() + CATCH_UP_MS;
    while (this.#people.sequence < last) {
      if (performance.now() > deadline) throw unavailable(new Error('the users are not up to date'));
      await delay(POLL_MS);
    }
  }

  /** The last event about people, according to the leader. */
  async #lastSequence(): Promise<number> {
    const { streams } = await jetstreamManager(this.#nc, { checkAPI: false });
    return (await streams.getMessage(STREAM.events, { last_by_subj: PEOPLE_SUBJECTS }))?.seq ?? 0;
  }

  #apply({ subject, sequence, header, body }: WatchedMessage): void {
    const known = new Set([this.#people, this.#loading]);
    for (const people of known) people.saw(sequence);
    try {
      const event = decodeEvent({ subject, sequence, header, body });
      for (const people of known) people.apply(event);
    } catch (error) {
      // An event of a newer version, or not an event at all: it is a dead letter.
      if (!(error instanceof MalformedEventError)) throw error;
      const owner = parseEventSubject(subject)?.owner;
      if (owner) for (const people of known) people.sawUnreadable(owner, sequence);
    }
  }
}
