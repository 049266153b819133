import type { Session } from '../../api/types.ts';

export interface Lane {
  readonly project: string;
  /** Begin and end of each session, from 0 to 1 of the period. */
  readonly bars: readonly { readonly session: Session; readonly from: number; readonly to: number }[];
  /** Bars of one track do not overlap. */
  readonly tracks: number;
  readonly trackOf: ReadonlyMap<string, number>;
}

const NARROWEST = 0.004;

/** Sessions by project, along one time. Lanes with the latest activity come first. */
export function lanesOf(sessions: readonly Session[]): {
  readonly lanes: readonly Lane[];
  readonly from: number;
  readonly to: number;
} {
  const spans = sessions.map((session) => {
    const from = session.firstActivityAt ?? session.createdAt;
    return { session, from, to: Math.max(from, session.lastActivityAt ?? session.updatedAt) };
  });
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to));
  const length = Math.max(1, to - from);
  const byProject = Map.groupBy(spans, ({ session }) => session.projectName ?? session.projectPath ?? 'No project');
  const lanes = [...byProject].map(([project, of]) => {
    const ordered = of.toSorted((a, b) => a.from - b.from);
    const ends: number[] = [];
    const trackOf = new Map<string, number>();
    const bars = ordered.map(({ session, from: begin, to: end }) => {
      const bar = {
        session,
        from: (begin - from) / length,
        to: Math.max((end - from) / length, (begin - from) / length + NARROWEST),
      };
      let track = ends.findIndex((taken) => taken <= bar.from);
      if (track < 0) track = ends.length;
      ends[track] = bar.to;
      trackOf.set(session.id, track);
      return bar;
    });
    return { project, bars, tracks: ends.length, trackOf };
  });
  const latest = (lane: Lane) => Math.max(...lane.bars.map((bar) => bar.to));
  return { lanes: lanes.sort((a, b) => latest(b) - latest(a)), from, to };
}
