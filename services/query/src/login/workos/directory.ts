import { workspaceIdOfOrganization, type Owner, type Role } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { LoginResources } from '../resources.ts';
import { endedSession, LONGEST_TOKEN_MS } from './access-tokens.ts';
import type { WorkosEvent } from './webhook.ts';
import { subjectOf } from './webhook.ts';
import type { WorkosProvider } from './workos.ts';

/** Roles of WorkOS that have our names mean ours. Its `admin` and `member` exist everywhere; others are read-only until they are renamed. */
const ROLES_OF: Readonly<Record<string, Role>> = {
  owner: 'owner',
  admin: 'admin',
  member: 'member',
  viewer: 'viewer',
  analyst: 'analyst',
};
/** Events that are worked on at the same time: each asks WorkOS, which limits how often. */
const MOST_AT_ONCE = 4;
/** Members of an organization that an event about it looks at. */
const MOST_MEMBERS = 1_000;

/**
 * Brings users and memberships to what WorkOS has. An event only says what to look at: its content is never used, so
 * that it does not matter whether events come late, twice or in another order.
 */
export class WorkosDirectory {
  readonly #provider: WorkosProvider;
  readonly #resources: Pick<LoginResources, 'keys' | 'logins' | 'keyService'>;
  /** The last change of each person: two at the same time could store the older state last. */
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(provider: WorkosProvider, resources: Pick<LoginResources, 'keys' | 'logins' | 'keyService'>) {
    this.#provider = provider;
    this.#resources = resources;
  }

  /** @throws AppError UNAVAILABLE: WorkOS sends the event again */
  async handle(event: WorkosEvent): Promise<void> {
    const subject = subjectOf(event);
    if (!subject) return;
    if (this.#running.size >= MOST_AT_ONCE) throw new AppError('UNAVAILABLE', 'Other changes are being stored');
    if (subject.kind === 'person') await this.sync(subject.id);
    else if (subject.kind === 'organization') await this.#syncMembers(subject.id);
    else await this.endSession(subject.id);
  }

  /** Brings one person to what WorkOS has. @throws AppError UNAVAILABLE */
  async sync(subject: string): Promise<void> {
    const former = this.#running.get(subject);
    const work = (former ?? Promise.resolve()).catch(() => undefined).then(() => this.#sync(subject));
    this.#running.set(subject, work);
    try {
      await work;
    } finally {
      if (this.#running.get(subject) === work) this.#running.delete(subject);
    }
  }

  /** Ends our logins of a session of WorkOS, and what its access tokens may do. @throws AppError UNAVAILABLE */
  async endSession(session: string): Promise<void> {
    const { logins } = this.#resources;
    await logins.claim(endedSession(session), Date.now() + LONGEST_TOKEN_MS);
    await logins.endOfSession(this.#provider.id, session);
  }

  async #sync(subject: string): Promise<void> {
    const { issuer } = this.#provider;
    const { memberships = [], ...about } = (await this.#provider.person(subject)) ?? {};
    await this.#resources.keyService.ask({
      ...{ command: 'sync-person', identity: { issuer, subject, ...about } },
      memberships: memberships.map(({ organizationId, name, role }) => ({
        organizationId,
        name: name.slice(0, 100),
        role: ROLES_OF[role] ?? 'viewer',
      })),
    });
  }

  async #syncMembers(organizationId: string): Promise<void> {
    const workspaceId = workspaceIdOfOrganization(this.#provider.issuer, organizationId);
    const people = this.#resources.keys.people.current();
    for (const { userId } of people.membersOf(workspaceId).slice(0, MOST_MEMBERS)) {
      const { identities = [] } = people.user(userId) ?? {};
      const known = identities.find(({ issuer }) => issuer === this.#provider.issuer);
      if (known) await this.sync(known.subject);
    }
  }

  /** The workspace of an organization, for a person who has just logged in to it. */
  workspaceOf(organizationId: string): Owner['workspaceId'] {
    return workspaceIdOfOrganization(this.#provider.issuer, organizationId);
  }
}
