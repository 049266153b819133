/** A page of a list that is in memory: the rows after the one that the cursor names. A cursor of a row that is gone begins again. */
export function pageAfter<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { readonly rows: readonly Row[]; readonly cursor: string | null } {
  const begin = cursor === undefined ? 0 : rows.findIndex((row) => idOf(row) === cursor) + 1;
  const found = rows.slice(begin, begin + limit);
  const hasMore = begin + limit < rows.length;
  return { rows: found, cursor: hasMore ? idOf(found.at(-1)!) : null };
}
