import type { Role, Scope } from '@opensync/contracts';
import { send, type Answer } from './send.ts';
import { TARGET_NAMES, type Target } from './rows.ts';
import type { AccessWorld, Aim, Rule } from './world.ts';

/** What an answer turned out to be: one of the table, `401`, or a status that it never has. */
export type Outcome = 'yes' | 'nothing' | number;

/** One cell: a caller, a session, and what came of the call. */
export type Outcomes = Readonly<Record<string, Outcome>>;

/** What a scope does not include, and nothing includes. */
const refusing = (scope: Scope): readonly Scope[] =>
  (scope === 'operator' ? (['ingest', 'read', 'admin'] as const) : (['ingest', 'read'] as const)).filter(
    (one) => one !== scope,
  );

/** What the table says of the rule, for every caller and every kind of session. */
export function expectedOutcomes({ row }: Rule, roles: readonly Role[]): Outcomes {
  return eachCell(row.sessions, (target) => ({
    ...Object.fromEntries(
      roles.map((role) => {
        const isAdmin = role === 'owner' || role === 'admin';
        const said = (isAdmin ? row.forAdmins?.[target] : undefined) ?? row.sessions[target] ?? 'yes';
        return [role, row.roles.includes(role) ? said : 403];
      }),
    ),
    ...Object.fromEntries(refusedScopes(row).map((scope) => [`only the scope ${scope}`, 403])),
    'no key': 401,
  }));
}

/** What the product answers. */
export async function actualOutcomes(world: AccessWorld, rule: Rule): Promise<Outcomes> {
  const roles = [...world.members.keys()];
  const cells: [string, Outcome][] = [];
  for (const target of targetsOf(rule.row.sessions)) {
    const call = async (role: Role, key: string | undefined): Promise<Outcome> => {
      const aim = world.aim(rule, role, target);
      return outcomeOf(rule, aim, await ask(world, rule, aim, key));
    };
    const cell = (caller: string) => `${caller}: ${target}`;
    // First those who may not: they change nothing.
    const [first] = roles as [Role];
    cells.push([cell('no key'), await call(first, undefined)]);
    for (const scope of refusedScopes(rule.row)) {
      cells.push([cell(`only the scope ${scope}`), await call(first, world.members.get(first)!.keys[scope])]);
    }
    const ofRoles = await Promise.all(
      roles.map(async (role): Promise<[string, Outcome]> => {
        return [cell(role), await call(role, world.members.get(role)!.keys[rule.row.scope])];
      }),
    );
    cells.push(...ofRoles);
  }
  return Object.fromEntries(cells);
}

function refusedScopes({ scope, refused = refusing(scope) }: Rule['row']): readonly Scope[] {
  return refused;
}

/** A row about no session has one kind of call. */
function targetsOf(sessions: Rule['row']['sessions']): readonly Target[] {
  const named = TARGET_NAMES.filter((target) => sessions[target] !== undefined);
  return named.length === 0 ? ['own'] : named;
}

function eachCell(
  sessions: Rule['row']['sessions'],
  ofTarget: (target: Target) => Readonly<Record<string, Outcome>>,
): Outcomes {
  return Object.fromEntries(
    targetsOf(sessions).flatMap((target) =>
      Object.entries(ofTarget(target)).map(([caller, outcome]) => [`${caller}: ${target}`, outcome]),
    ),
  );
}

function callOf({ route, row }: Rule, aim: Aim) {
  return (row.call ?? route.call)(row.byExternalId ? { ...aim, session: aim.externalId } : aim);
}

function ask({ url }: AccessWorld, rule: Rule, aim: Aim, key: string | undefined): Promise<Answer> {
  return send({ url, key }, callOf(rule, aim), rule.route.method);
}

function outcomeOf(rule: Rule, aim: Aim, { status, text, body }: Answer): Outcome {
  if (status < 200 || status >= 300) return status;
  // Of several items, the status of ours is in the answer.
  const [item] = (body as { results?: { status?: number }[] } | undefined)?.results ?? [];
  if (rule.route.route.endsWith('/bulk') && item?.status !== 200) return item?.status ?? status;
  const { row } = rule;
  if (row.shownBy === 'status' || Object.keys(row.sessions).length === 0) return 'yes';
  if (row.shownBy === 'owner') return text.includes(aim.owner.userId) ? 'yes' : 'nothing';
  // An answer may repeat what was asked.
  const asked = JSON.stringify(callOf(rule, aim));
  return aim.marks.some((mark) => !asked.includes(mark) && text.includes(mark)) ? 'yes' : 'nothing';
}
