export interface OwnerIds {
  readonly workspaceId: string;
  readonly userId: string;
}

/** Whose event or change a subject of the log is for; undefined for any other subject. */
export function ownerOfSubject(subject: string): OwnerIds | undefined {
  const [, workspaceId, userId] = /^osk\.(?:events|changes)\.([\w-]+)\.([\w-]+)(?:\.|$)/.exec(subject) ?? [];
  return workspaceId === undefined || userId === undefined ? undefined : { workspaceId, userId };
}

/** Where a document of an owner is shown to operators. */
export function dataHref(id: string, owner: OwnerIds | undefined): string {
  const search = owner && new URLSearchParams({ workspace: owner.workspaceId, user: owner.userId }).toString();
  return `/app/operate/data/${encodeURIComponent(id)}${search === undefined ? '' : `?${search}`}`;
}
