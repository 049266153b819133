import fc from 'fast-check';
import { headingVersion, messageRowVersion } from './row-version.ts';
import {
  eventsOf,
  history,
  messageWithParts,
  nothing,
  project,
  shuffled,
  type Documents,
} from './testing/histories.ts';
import { currentParts, sessionView } from './views.ts';

/** What the rows of a session and of its message reflect. */
function rowsOf(documents: Documents) {
  const { title, projectName, projectPath, source, model, createdAt, visibility } = sessionView(documents.session!);
  const whole = messageWithParts(documents);
  return {
    heading: { title, projectName, projectPath, source, model, createdAt, visibility },
    text: whole.message?.fields.text,
    parts: currentParts(whole),
  };
}

function versionsOf(documents: Documents) {
  const session = documents.session!;
  const { message, parts } = messageWithParts(documents);
  const heading = headingVersion(session);
  return { heading, row: message ? messageRowVersion({ message, parts }, session) : heading };
}

describe('the versions of index rows', () => {
  it('grow with every event that changes the rows, whatever order events arrive in', () => {
    fc.assert(
      fc.property(
        history.chain((syncs) => shuffled(eventsOf(syncs))),
        (delivered) => {
          let before: Documents | undefined;
          for (const event of delivered) {
            const after = project(before ?? nothing, [event]);
            if (before?.session) {
              const [older, newer] = [versionsOf(before), versionsOf(after)];
              expect(newer.heading).toBeGreaterThanOrEqual(older.heading);
              expect(newer.row).toBeGreaterThanOrEqual(older.row);
              const [said, says] = [rowsOf(before), rowsOf(after)];
              if (newer.heading === older.heading) expect(says.heading).toEqual(said.heading);
              if (newer.row === older.row) expect(says).toEqual(said);
            }
            before = after;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are the same whatever order the same events arrived in', () => {
    const orders = history.chain((syncs) => {
      const events = eventsOf(syncs);
      return fc.tuple(shuffled(events), shuffled(events));
    });
    fc.assert(
      fc.property(orders, ([one, other]) => {
        expect(versionsOf(project(nothing, one))).toEqual(versionsOf(project(nothing, other)));
      }),
    );
  });

  it('are exact for the most parts and the highest sequences, and above the earlier maximum-based versions', () => {
    const highest = 2 ** 39;
    const [session, message, part] = eventsOf([
      { kind: 'session', data: { title: 'a' } },
      { kind: 'message', data: { textContent: 'b' }, parts: [{ type: 'text', content: 'c' }] },
    ]);
    const at = (event: typeof part, sequence: number) => ({ ...event!, sequence });
    const state = project(nothing, [at(session, highest - 2), at(message, highest - 1), at(part, highest)]);
    const versions = versionsOf(state);
    // The highest sequence; for a message the sum of its own and its session's.
    expect(versions.heading).toBeGreaterThan(highest);
    expect(versions.row).toBeGreaterThan(2 * highest);
    const { message: stored } = messageWithParts(state);
    const parts = Array.from({ length: 10_000 }, () => [...state.parts.values()][0]!);
    const names = [
      'title',
      'projectName',
      'projectPath',
      'source',
      'messageSource',
      'model',
      'createdAt',
      'visibility',
    ];
    const sequences = Object.fromEntries(names.map((name) => [name, highest]));
    const version = messageRowVersion({ message: stored!, parts }, { ...state.session!, sequences });
    expect(Number.isSafeInteger(version)).toBe(true);
  });
});
