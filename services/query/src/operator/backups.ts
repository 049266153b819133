import type { BackupRecord, RehearsalRecord } from '@opensync/event-log/backups';
import type { Backups } from './operator-resources.ts';

/** Records of earlier versions are in no list, and have no facts about their file. */
export function backupsOf({ backup, rehearsal, proof, backups, rehearsals }: Backups) {
  const before = <One extends { at: number }>(list: readonly One[], last: One | undefined) =>
    list.length === 0 && last ? [last] : list;
  return {
    backups: before(backups, backup).map(fileOf),
    rehearsals: before(rehearsals, rehearsal).map(findingOf),
    proof: proof ? findingOf(proof) : null,
  };
}

const fileOf = ({ at, place, to, file, bytes, events, sha256, lost }: BackupRecord) => ({
  ...{ at, place, to, file: file ?? null, bytes: bytes ?? null, events: events ?? null },
  ...{ sha256: sha256 ?? null, lost: lost ?? null },
});

const findingOf = ({ at, place, to, sessions, digest, problem }: RehearsalRecord) => ({
  ...{ at, place, to, sessions, digest: digest ?? null, problem: problem ?? null },
});
