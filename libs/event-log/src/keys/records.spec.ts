import { refusalOf } from '@opensync/contracts';
import { apiKeyRecordSchema } from './records.ts';

describe('the record of an API key', () => {
  it('of a newer version keeps a scope that is unknown here, which allows nothing', () => {
    const written = {
      id: 'key_1',
      prefix: '…abcd',
      name: 'laptop',
      email: 'ada@example.com',
      owner: { workspaceId: 'wsp_1', userId: 'usr_1' },
      scopes: ['read', 'administer-moons'],
      createdAt: 1,
    };
    const record = apiKeyRecordSchema.parse(written);
    expect(record).toEqual(written);
    const principal = { ...record.owner, role: 'owner' as const, scopes: record.scopes, keyId: record.id };
    expect(refusalOf(principal, ['read'])).toBeUndefined();
    expect(refusalOf(principal, ['ingest'])).toBe('This API key lacks the scope ingest');
  });
});
