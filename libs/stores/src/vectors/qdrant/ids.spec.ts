import { collectionSafe, pointId } from './ids.ts';

const OWNER = { workspaceId: 'wsp_one', userId: 'usr_ann' };

describe('pointId', () => {
  it('is a UUID of version 8 that never changes', () => {
    expect(pointId(OWNER, 'msg_1', 0)).toBe('f34e0503-f6d5-8194-9d95-2577f731e33e');
    expect(pointId(OWNER, 'msg_1', 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('differs by owner, document and position', () => {
    const ids = [
      pointId(OWNER, 'msg_1', 0),
      pointId(OWNER, 'msg_1', 1),
      pointId(OWNER, 'msg_11', 0),
      pointId({ ...OWNER, userId: 'usr_ben' }, 'msg_1', 0),
      pointId({ workspaceId: 'wsp_oneu', userId: 'sr_ann' }, 'msg_1', 0),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('collectionSafe', () => {
  it('keeps names that Qdrant accepts', () => {
    expect(collectionSafe('text-embedding-3-small')).toBe('text-embedding-3-small');
  });

  it('changes others into names that stay different', () => {
    const names = ['some/model:latest', 'some:model/latest', 'some-model-latest', 'm'.repeat(200), 'm'.repeat(201)];
    const safe = names.map(collectionSafe);
    for (const name of safe) expect(name).toMatch(/^[A-Za-z0-9_.-]{1,100}$/);
    expect(new Set(safe).size).toBe(names.length);
  });
});
