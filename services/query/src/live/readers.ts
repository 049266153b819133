import { sessionView, type Positions } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { LiveEvent } from './live-events.ts';
import type { LiveReader } from './live-reader.ts';

const MOST_SHARED = 10_000;
const RETRY_AFTER = 5;

/** The readers of one workspace. */
export class Workspace {
  readonly workspaceId: string;
  readonly positions: Positions;
  readonly readers = new Set<LiveReader>();
  /** Sessions of others that this process has sent to members, the latest last: members may be told when they end. */
  readonly shared = new Set<string>();

  constructor(workspaceId: string, positions: Positions) {
    this.workspaceId = workspaceId;
    this.positions = positions;
  }

  /** The event was sent. */
  remember({ name, sessionId, session }: LiveEvent): void {
    if (name !== 'session' && name !== 'gone') return;
    this.shared.delete(sessionId);
    if (!session || sessionView(session).visibility !== 'workspace') return;
    this.shared.add(sessionId);
    if (this.shared.size > MOST_SHARED) this.shared.delete(this.shared.values().next().value!);
  }
}

/** The readers of this process, within its limits. */
export class Readers {
  readonly #limits: { readonly streams: number; readonly streamsPerKey: number };
  readonly #workspaces = new Map<string, Workspace>();
  readonly #byKey = new Map<string, Set<LiveReader>>();
  #size = 0;

  constructor(limits: { readonly streams: number; readonly streamsPerKey: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  in(workspaceId: string): Workspace | undefined {
    return this.#workspaces.get(workspaceId);
  }

  workspaces(): Iterable<Workspace> {
    return this.#workspaces.values();
  }

  *all(): Generator<LiveReader> {
    for (const { readers } of this.#workspaces.values()) yield* readers;
  }

  byKey(): readonly (readonly LiveReader[])[] {
    return [...this.#byKey.values()].map((readers) => [...readers]);
  }

  /** @throws AppError RATE_LIMITED, UNAVAILABLE */
  add(reader: LiveReader): void {
    const { wish, positions, keyId } = reader.request;
    const { streams, streamsPerKey } = this.#limits;
    if (this.#size >= streams) {
      throw new AppError('UNAVAILABLE', `This process has ${streams} live streams open (OPENSYNC_LIVE_STREAMS)`, {
        retryAfter: RETRY_AFTER,
      });
    }
    const ofKey = this.#byKey.get(keyId) ?? new Set();
    if (ofKey.size >= streamsPerKey) {
      throw new AppError(
        'RATE_LIMITED',
        `This API key has ${streamsPerKey} live streams open (OPENSYNC_KEY_LIVE_STREAMS); close one of them`,
        { retryAfter: RETRY_AFTER },
      );
    }
    const { workspaceId } = wish.reader;
    const workspace = this.#workspaces.get(workspaceId) ?? new Workspace(workspaceId, positions);
    this.#workspaces.set(workspaceId, workspace);
    workspace.readers.add(reader);
    this.#byKey.set(keyId, ofKey.add(reader));
    this.#size++;
  }

  remove(reader: LiveReader): void {
    const { wish, keyId } = reader.request;
    const workspace = this.#workspaces.get(wish.reader.workspaceId);
    if (!workspace?.readers.delete(reader)) return;
    if (workspace.readers.size === 0) this.#workspaces.delete(workspace.workspaceId);
    const ofKey = this.#byKey.get(keyId)!;
    ofKey.delete(reader);
    if (ofKey.size === 0) this.#byKey.delete(keyId);
    this.#size--;
  }

  /** The readers with the most buffered bytes, to drop so that the others stay within the total. */
  beyond(totalBytes: number): readonly LiveReader[] {
    let total = 0;
    for (const { stream } of this.all()) total += stream.buffered;
    if (total <= totalBytes) return [];
    const slowest = [...this.all()].sort((a, b) => b.stream.buffered - a.stream.buffered);
    const beyond: LiveReader[] = [];
    for (const reader of slowest) {
      if (total <= totalBytes) break;
      total -= reader.stream.buffered;
      beyond.push(reader);
    }
    return beyond;
  }
}
