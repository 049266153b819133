/** The user and the workspace that a document belongs to. */
export interface Owner {
  readonly workspaceId: string;
  readonly userId: string;
}

/** Who may see a session besides its owner: nobody, or every member of its workspace. */
export const VISIBILITIES = ['private', 'workspace'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** The scope of a read: whose documents it may return. A plain owner reads only their own sessions. */
export interface Reader extends Owner {
  /** `visible`: the reader's own sessions and those that other members of the workspace share. Default: `own`. */
  readonly sessions?: 'own' | 'visible';
}

/** Whether a read in this scope may return a session. */
export function maySee(reader: Reader, owner: Owner, visibility: Visibility): boolean {
  if (reader.workspaceId !== owner.workspaceId) return false;
  return reader.userId === owner.userId || (reader.sessions === 'visible' && visibility === 'workspace');
}

/** A map key that two different owners never share. */
export function ownerKey(owner: Owner): string {
  return `${owner.workspaceId}.${owner.userId}`;
}
