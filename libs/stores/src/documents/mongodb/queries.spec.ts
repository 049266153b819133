import { INDEXES, type IndexDefinition } from './collections.ts';
import { CALL_FIELDS, MESSAGE_FIELDS, PART_FIELDS } from './outlines.ts';
import {
  messageKeysQuery,
  ofOwner,
  outlinedParts,
  partsOfCall,
  partsOfMessages,
  rollupsPipeline,
  sessionsQuery,
  sharedSessionsQuery,
  statsPipeline,
} from './queries.ts';
import type { SessionQuery } from '../port.ts';
import { ada, page } from '../conformance/states.ts';

/**
 * Whether the index matches exactly the equalities and returns this order: the rule by which MongoDB's planner needs
 * neither a collection scan nor an in-memory sort.
 */
function serves({ fields }: IndexDefinition, filter: object, sort: object = {}): boolean {
  const equal = new Set(equalitiesOf(filter));
  const prefix = fields.findIndex((field) => !equal.has(field));
  const rest = prefix < 0 ? [] : fields.slice(prefix);
  return prefix !== 0 && Object.keys(sort).every((field, at) => rest[at] === field);
}

/** The fields that must have one of some values, at the top of the filter or in its $and. */
function equalitiesOf(filter: object): string[] {
  return Object.entries(filter).flatMap(([name, condition]: [string, unknown]) => {
    if (name === '$and') return (condition as object[]).flatMap(equalitiesOf);
    if (name.startsWith('$')) return [];
    const isRange = typeof condition === 'object' && condition !== null && !('$in' in condition);
    return isRange ? [] : [name];
  });
}

function indexNamesFor(indexes: readonly IndexDefinition[], filter: object, sort?: object): string[] {
  return indexes.filter((index) => serves(index, filter, sort)).map(({ name }) => name);
}

describe('queries of documents on MongoDB', () => {
  const after = { value: 5, id: 'ses_x' };

  it.each<[string, Partial<SessionQuery>]>([
    ['sessions_by_creation', { sort: 'createdAt' }],
    ['sessions_by_update', { sort: 'updatedAt', order: 'asc', after }],
    ['sessions_by_creation', { sort: 'createdAt', from: 1, to: 9, after }],
    ['sessions_by_source', { sort: 'createdAt', source: 'claude-code', after }],
    ['sessions_by_update', { sort: 'updatedAt', source: 'claude-code', model: 'opus', project: 'sync', after }],
  ])('are served in order by %s for %j', (name, query) => {
    const { filter, sort } = sessionsQuery(ada, page(query));
    expect(indexNamesFor(INDEXES.sessions, filter, sort)).toContain(name);
  });

  it.each<[string, Partial<SessionQuery>]>([
    ['sessions_shared_by_creation', { sort: 'createdAt', from: 1, after }],
    ['sessions_shared_by_update', { sort: 'updatedAt', order: 'asc', source: 'claude-code', after }],
  ])('for shared sessions are served in order by %s for %j', (name, query) => {
    const { filter, sort } = sharedSessionsQuery(ada, page(query));
    expect(indexNamesFor(INDEXES.sessions, filter, sort)).toContain(name);
    // Skipped sessions are read, too: an owner who shares all of them would read all for each page.
    expect(filter).not.toHaveProperty('userId');
  });

  it('read a page of messages, its parts, and counts through an index', () => {
    const { filter, sort } = messageKeysQuery(ada, 'ses_1', { limit: 10, after: { createdAt: 1, sequence: 2 } });
    expect(indexNamesFor(INDEXES.messages, filter, sort)).toEqual(['messages_with_facts', 'messages_outline']);
    expect(indexNamesFor(INDEXES.parts, partsOfMessages(ada, ['msg_1']))).toContain('parts_of_message');
    expect(indexNamesFor(INDEXES.messages, ofOwner(ada))).toContain('messages_with_facts');
    expect(indexNamesFor(INDEXES.sessions, statsPipeline(ofOwner(ada))[0]!.$match as object)).not.toEqual([]);
  });

  it('read outlines and tool calls from their indexes alone', () => {
    const { filter, sort } = messageKeysQuery(ada, 'ses_1', { limit: 10, after: { createdAt: 1, sequence: 2 } });
    for (const [index, asked, read, order] of [
      [INDEXES.messages[1]!, filter, MESSAGE_FIELDS, sort],
      [INDEXES.parts[1]!, outlinedParts(ada, 'ses_1', ['msg_1']), PART_FIELDS, {}],
      [INDEXES.parts[2]!, partsOfCall(ada, 'ses_1', 'call_1'), CALL_FIELDS, { messageId: 1, order: 1 }],
    ] as const) {
      expect(indexNamesFor([index], asked, order)).toEqual([index.name]);
      const fields = Object.entries(read).flatMap(([name, isRead]) => (isRead ? [name] : []));
      expect(index.fields).toEqual(expect.arrayContaining(fields));
    }
  });

  it('sum a rollup from its index alone', () => {
    const [match, group] = rollupsPipeline(ada, ['ses_1']);
    expect(indexNamesFor(INDEXES.messages, match!.$match as object)).toContain('messages_with_facts');
    const read = JSON.stringify(group)
      .match(/(?<="\$)\w+(?=")/g)!
      .filter((name) => !/^(group|sum|min|max|cond|eq|ifNull)$/.test(name));
    expect(read.length).toBeGreaterThan(4);
    for (const field of read) expect(INDEXES.messages[0]!.fields).toContain(field);
  });

  it('bound the index scan by the cursor, and match the same documents', () => {
    const { filter } = sessionsQuery(ada, page({ sort: 'updatedAt', order: 'desc', after }));
    expect(filter).toEqual({
      ...ada,
      $and: [
        { updatedAt: { $lte: 5 } },
        { $or: [{ updatedAt: { $lt: 5 } }, { _id: { $lt: expect.stringContaining('ses_x') } }] },
      ],
    });
  });
});
