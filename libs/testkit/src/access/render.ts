import { PUBLIC_ROUTES } from '../routes.ts';
import { EVERY_ROLE, TARGET_NAMES, TARGETS, type AccessRow, type Verdict } from './rows.ts';
import { RULES } from './world.ts';

const SAID: Readonly<Record<Verdict, string>> = {
  yes: 'yes',
  nothing: 'hidden',
  400: '`400`',
  403: '`403`',
  404: '`404`',
};

/** The access matrix as Markdown. */
export function renderAccessMatrix(): string {
  const rows = RULES.toSorted((a, b) => a.route.route.localeCompare(b.route.route, 'en')).map(({ route, row }) => {
    const call = `\`${route.method} ${route.route}\`${row.does === undefined ? '' : ` ${row.does}`}`;
    const cells = TARGET_NAMES.map((target) => {
      const said = row.sessions[target];
      if (said === undefined) return '';
      const forAdmins = row.forAdmins?.[target];
      return forAdmins === undefined ? SAID[said] : `${SAID[said]}; admins: ${SAID[forAdmins]}`;
    });
    return `| ${[call, `\`${row.scope}\``, rolesOf(row), ...cells].join(' | ')} |`;
  });
  const head = ['Call', 'Scope', 'Roles', ...Object.values(TARGETS)];
  return [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows,
    '',
    `Without a key: ${PUBLIC_ROUTES.map((route) => `\`${route}\``).join(', ')}.`,
  ].join('\n');
}

function rolesOf({ roles }: AccessRow): string {
  if (roles.length === EVERY_ROLE.length) return 'all';
  const missing = EVERY_ROLE.filter((role) => !roles.includes(role));
  return `all but ${missing.join(', ')}`;
}
