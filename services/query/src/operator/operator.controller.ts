import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Owner, Principal } from '@opensync/contracts';
import { settingsSchema, type Settings } from '@opensync/platform';
import { Access, Caller, TargetName, type NameTarget } from '@opensync/platform/http';
import { noParameters, parseBody, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { backupsOf } from './backups.ts';
import { generationsOf } from './generations.ts';
import { listDocuments } from './list-documents.ts';
import { documentIdSchema, listDocumentsSchema, positionSchema, readDocumentSchema } from './operator-requests.ts';
import { readProjections } from './projections.ts';
import { kindOf, readDocument } from './read-document.ts';
import { readEvent } from './read-event.ts';

/** Events that come with a document are shown in brief. */
const BRIEF_EVENT_BYTES = 2 * 1024;
/** Owners that the list names. */
const MOST_OWNERS = 1_000;

/** What operators read: the state of the installation, and the stored data of any owner. */
@Controller('api')
export class OperatorController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  /** For everybody: figures and lists are as old as the projection that they are read from. */
  @Get('projections')
  @Access('account')
  async projections(@Query() query: unknown) {
    parseQuery(noParameters, query);
    const at = this.#resources.now();
    return { at, projections: await readProjections(this.#resources.operator, at) };
  }

  @Get('operator/status')
  @Access('operate')
  async status(@Query() query: unknown) {
    parseQuery(noParameters, query);
    const { operator, now } = this.#resources;
    const [log, consumers, stores] = await Promise.all([operator.log(), operator.consumers(), operator.stores()]);
    const at = now();
    return { at, log, consumers, stores, projections: await readProjections(operator, at) };
  }

  @Get('operator/processes')
  @Access('operate')
  async processes(@Query() query: unknown) {
    parseQuery(noParameters, query);
    const processes = await this.#resources.operator.processes();
    return { at: this.#resources.now(), processes: processes.map(({ settings: _, ...process }) => process) };
  }

  @Get('operator/settings')
  @Access('operate')
  async settings(@Query() query: unknown) {
    parseQuery(noParameters, query);
    const processes = await this.#resources.operator.processes();
    return {
      processes: processes.map(({ id, service, host, settings }) => ({ id, service, host, settings })),
      documentation: DOCUMENTATION,
    };
  }

  /** The generations of each store: which is live, which are kept, and how far the next one is. */
  @Get('operator/generations')
  @Access('operate')
  async generations(@Query() query: unknown) {
    parseQuery(noParameters, query);
    const { operator, now } = this.#resources;
    const [records, { lastSequence }] = await Promise.all([operator.generations(), operator.log()]);
    return { at: now(), stores: generationsOf(records, { lastSequence }) };
  }

  @Get('operator/backups')
  @Access('operate')
  async backups(@Query() query: unknown) {
    parseQuery(noParameters, query);
    const { operator, now } = this.#resources;
    const [backups, { lastSequence }] = await Promise.all([operator.backups(), operator.log()]);
    return { at: now(), lastSequence, ...backupsOf(backups) };
  }

  @Get('operator/owners')
  @Access('operate')
  owners(@TargetName() nameTarget: NameTarget, @Query() query: unknown) {
    parseQuery(noParameters, query);
    nameTarget({ kind: 'members' });
    const owners = this.#resources.operator.owners();
    return {
      owners: owners.slice(0, MOST_OWNERS).map(({ workspaceId, userId, workspace = null, email = null, role }) => {
        return { workspaceId, userId, workspace, email, role };
      }),
      omitted: Math.max(0, owners.length - MOST_OWNERS),
    };
  }

  @Get('operator/documents')
  @Access('operate')
  async list(@Caller() caller: Principal, @TargetName() nameTarget: NameTarget, @Query() query: unknown) {
    const { workspace, user, ...asked } = parseQuery(listDocumentsSchema, query);
    const owner = ownerNamed(caller, { workspace, user });
    nameTarget({ ...owner, ...(asked.session ? { kind: 'messages', id: asked.session } : { kind: 'sessions' }) });
    return listDocuments(this.#resources, owner, asked);
  }

  /** A document in every store, and the events that it was made from. */
  @Get('operator/documents/:id')
  @Access('operate')
  async document(
    @Caller() caller: Principal,
    @TargetName() nameTarget: NameTarget,
    @Param('id') given: string,
    @Query() query: unknown,
  ) {
    const id = parseBody(documentIdSchema, given);
    const owner = ownerNamed(caller, parseQuery(readDocumentSchema, query));
    nameTarget({ ...owner, kind: kindOf(id), id });
    const { sequences, ...document } = await readDocument(this.#resources, owner, id);
    const events = await Promise.all(
      sequences.map((sequence) =>
        readEvent(this.#resources, sequence, BRIEF_EVENT_BYTES).catch(() => ({ sequence, isMissing: true as const })),
      ),
    );
    return { ...document, events };
  }

  @Get('operator/events/:sequence')
  @Access('operate')
  async event(@TargetName() nameTarget: NameTarget, @Param('sequence') given: string, @Query() query: unknown) {
    parseQuery(noParameters, query);
    const sequence = parseBody(positionSchema, given);
    const target = { kind: 'event', id: String(sequence) };
    nameTarget(target);
    const event = await readEvent(this.#resources, sequence);
    // Whose it is, only the event says.
    nameTarget({ ...event.owner, ...target });
    return event;
  }
}

const DOCUMENTATION: Readonly<Record<string, string>> = Object.fromEntries(
  (Object.keys(settingsSchema.shape) as (keyof Settings)[]).map((name) => [
    name,
    settingsSchema.shape[name].description ?? '',
  ]),
);

function ownerNamed(
  caller: Owner,
  { workspace, user }: { workspace?: string | undefined; user?: string | undefined },
): Owner {
  return { workspaceId: workspace ?? caller.workspaceId, userId: user ?? caller.userId };
}
