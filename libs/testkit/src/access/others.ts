import { send } from './send.ts';
import { RULES, type AccessWorld } from './world.ts';

/** What the other owners see of their sessions that no row may change. */
export async function viewsOfOthers(world: AccessWorld): Promise<Readonly<Record<string, string>>> {
  const rule = RULES.find(({ row }) => !row.changes)!;
  const [role] = world.members.keys();
  const [bob, cid] = world.others;
  const pages = [
    ['shared', bob!],
    ['private', bob!],
    ['elsewhere', cid!],
  ] as const;
  const views = pages.map(async ([target, { keys }]) => {
    const path = `/api/sessions/${world.aim(rule, role!, target).session}`;
    const { text } = await send({ url: world.url, key: keys.read }, { path });
    // The figures follow the documents by some seconds.
    return [target, text.replace(/"costs":(?:null|\{[^}]*\})/, '')] as const;
  });
  return Object.fromEntries(await Promise.all(views));
}

/** The path of a public route, with something for its parameters that exists. */
export function pathOfPublic({ slug, erasureId }: AccessWorld, route: string): string {
  return route
    .split(' ')[1]!
    .replace('/adr/:page', '/adr/0027-a-reader-asks-two-partitions')
    .replace('/runbooks/:page', '/runbooks/dead-letters')
    .replace(':page', 'security')
    .replace(':slug', slug)
    .replace('erasures/:id', `erasures/${erasureId}`);
}
