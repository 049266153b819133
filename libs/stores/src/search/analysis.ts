/**
 * Increases with each change of how texts become tokens (index-text.ts and its callees, columns.ts). Rows written
 * before a change keep their old tokens: they are found by most words, but not by those that the change affects.
 * 1: everything before the index recorded it. 2: terminal sequences, entities, hidden characters and emphasis are not
 * part of words; names inside identifiers; `C++`, `C#`, `.NET`.
 */
export const ANALYSIS_VERSION = 2;

/** The problem of an index, for operators. @param version the analysis that it was made with */
export function analysisProblems(version: number): readonly string[] {
  if (version >= ANALYSIS_VERSION) return [];
  return [
    `the index was built by an older version that split words differently, so some searches miss results; ` +
      'to rebuild it: opensync rebuild search',
  ];
}
