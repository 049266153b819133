/**
 * A value as YAML, for files that people read: texts of several lines as blocks, everything else as JSON writes it. Enough for rules
 * and tests; both ends are ours.
 */
export function toYaml(value: unknown, indent = ''): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    return value.map((one) => `\n${indent}-${itemOf(one, deeper)}`).join('');
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return fields.map(([name, field]) => `\n${indent}${name}:${toYaml(field, deeper)}`).join('');
  }
  if (typeof value === 'string' && value.includes('\n')) {
    return ` |-${value
      .split('\n')
      .map((line) => `\n${indent}${line}`)
      .join('')}`;
  }
  return ` ${JSON.stringify(value)}`;
}

/** The first field of an object stands beside the dash. */
function itemOf(value: unknown, indent: string): string {
  const text = toYaml(value, indent);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? ` ${text.trimStart()}` : text;
}
