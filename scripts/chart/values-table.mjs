// The table of the chart's README: each value with its default, and the comment above it that begins with `--`.
import { isMap, isPair, isScalar, parseDocument, stringify } from 'yaml';

/** @param {string} text values.yaml */
export function valuesTable(text) {
  const rows = rowsOf(parseDocument(text).contents, []);
  return ['| Value | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

/** @returns {string[]} */
function rowsOf(map, path) {
  return map.items.filter(isPair).flatMap((pair, index) => {
    const name = [...path, String(pair.key.value)];
    // The comment of a map's first entry belongs to the map in the syntax tree.
    const comment = pair.key.commentBefore ?? (index === 0 && path.length > 0 ? map.commentBefore : undefined);
    const said = /(?:^|\n) -- ([\s\S]*)/.exec(comment ?? '')?.[1]?.replaceAll(/\n ?/g, ' ');
    const isWhole = said !== undefined || !isMap(pair.value) || pair.value.items.length === 0 || pair.value.flow;
    if (!isWhole) return rowsOf(pair.value, name);
    const value = isScalar(pair.value) ? JSON.stringify(pair.value.value) : inline(pair.value);
    return [
      `| \`${name.join('.')}\` | ${value === '""' ? '' : `\`${value.replaceAll('|', '\\|')}\``} | ${said ?? ''} |`,
    ];
  });
}

function inline(node) {
  return stringify(node.toJSON(), { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
