import { sessionIdOf } from '@opensync/contracts';
import { eventsOf } from './export/testing/example-sessions.ts';
import { OWNERS, startQueryApp, type QueryApp } from './testing/query-app.ts';
import { storeEvents } from './testing/stored-events.ts';

const [ada, bob] = [OWNERS.ada!, OWNERS.bob!];
const START = Date.UTC(2026, 0, 15, 12);
const [main, fork, worker, reviewer] = ['main', 'fork', 'worker', 'reviewer'].map((name) => sessionIdOf(ada, name));

const call = (name: string, id: string) => ({ type: 'tool-call', content: { toolName: name, id, args: {} } });
const result = (id: string) => ({ type: 'tool-result', content: { result: 'done', callId: id } });
const at = (seconds: number) => ({ createdAt: START + seconds * 1_000 });

/** A session that starts two agents from one message, and its fork. */
const SAID = [
  { role: 'user', text: 'Review the login and mend it', fields: at(0) },
  {
    role: 'assistant',
    text: 'Two agents',
    parts: [call('Read', 'c0'), call('Task', 'c1'), call('Task', 'c2')],
    fields: at(1),
  },
  { role: 'user', parts: [result('c1'), result('c2')], fields: at(60) },
  { role: 'assistant', text: 'Mended', fields: at(61) },
];

describe('where sessions come from', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    await storeEvents(app.resources, ada, [
      ...eventsOf(ada, 'main', { title: 'Login' }, SAID),
      ...eventsOf(ada, 'worker', { parentExternalId: 'main', ...at(2) }, [
        { role: 'user', text: 'Mend it', fields: at(2) },
      ]),
      ...eventsOf(ada, 'reviewer', { parentExternalId: 'main', ...at(3) }, [
        { role: 'user', text: 'Look', fields: at(3) },
      ]),
      ...eventsOf(ada, 'fork', { title: '[Fork::main] Login' }, [
        ...SAID.slice(0, 2),
        { role: 'user', text: 'No, keep it', fields: at(90) },
      ]),
      ...eventsOf(ada, 'itself', { parentExternalId: 'itself' }, []),
    ]);
    await storeEvents(app.resources, bob, eventsOf(bob, 'stranger', { parentExternalId: 'main' }, []), { first: 100 });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const idsOf = async (path: string, as = 'ada') => {
    const { body } = await app.request('GET', path, { as });
    return (body.sessions ?? body.results).map(({ id }: { id: string }) => id).toSorted();
  };
  const trajectory = async (id: string, more = '') =>
    (await app.request('GET', `/api/export?format=atif&id=${id}${more}`)).body;

  it('is shown by the session', async () => {
    const shown = async (id: string) => {
      const { parentId, forkedFromId } = (await app.request('GET', `/api/sessions/${id}`)).body;
      return { parentId, forkedFromId };
    };
    expect(await shown('worker')).toEqual({ parentId: main, forkedFromId: null });
    expect(await shown('fork')).toEqual({ parentId: null, forkedFromId: main });
    expect(await shown('itself')).toEqual({ parentId: null, forkedFromId: null });
    expect(await shown('main')).toEqual({ parentId: null, forkedFromId: null });
  });

  it('is a filter of lists and searches, which finds no other owner’s sessions', async () => {
    expect(await idsOf(`/api/sessions?parent=${main}`)).toEqual([fork, reviewer, worker].toSorted());
    expect(await idsOf(`/api/search?q=mend&parent=${main}`)).toEqual([fork, worker].toSorted());
    expect(await idsOf(`/api/sessions?parent=${sessionIdOf(bob, 'main')}`, 'bob')).toEqual([
      sessionIdOf(bob, 'stranger'),
    ]);
    expect(await idsOf(`/api/sessions?parent=${main}`, 'bob')).toEqual([]);
  });

  it('is in a trajectory: agents at the calls that started them', async () => {
    const { steps, extra } = await trajectory('main');
    expect(extra.subagents).toEqual([
      { session_id: 'worker', trajectory_id: worker },
      { session_id: 'reviewer', trajectory_id: reviewer },
    ]);
    const results = steps[1].observation.results as { source_call_id: string; subagent_trajectory_ref?: object[] }[];
    expect(results.map((of) => [of.source_call_id, of.subagent_trajectory_ref])).toEqual([
      ['c1', [{ session_id: 'worker', trajectory_id: worker }]],
      ['c2', [{ session_id: 'reviewer', trajectory_id: reviewer }]],
    ]);
    expect(steps.filter((step: object) => 'is_copied_context' in step)).toEqual([]);
  });

  it('is in each trajectory of an export of several sessions', async () => {
    const { text } = await app.request('GET', '/api/export?format=atif');
    const lines = text.trim().split('\n');
    const all = lines.map((line) => JSON.parse(line) as { trajectory_id: string; extra: { subagents?: object[] } });
    const started = all.map(({ trajectory_id: id, extra }) => [id, extra.subagents?.length ?? 0]);
    expect(Object.fromEntries(started)).toMatchObject({ [main!]: 2, [fork!]: 0, [worker!]: 0, [reviewer!]: 0 });
  });

  it('is in a trajectory: what a fork has copied', async () => {
    const { steps, extra } = await trajectory('fork');
    expect(steps.map((step: { is_copied_context?: true }) => step.is_copied_context)).toEqual([true, true, undefined]);
    expect(extra).toMatchObject({ forkedFromId: main });
  });

  it('has pseudonyms in an anonymized trajectory, the same as the sessions themselves', async () => {
    const [whole, child] = [await trajectory('main', '&anonymize=true'), await trajectory('worker', '&anonymize=true')];
    expect(JSON.stringify([whole, child])).not.toMatch(new RegExp([main, worker, reviewer].join('|')));
    expect(whole.extra.subagents[0]).toEqual({ session_id: child.session_id, trajectory_id: child.trajectory_id });
    expect(child.extra.parentId).toBe(whole.trajectory_id);
  });
});
