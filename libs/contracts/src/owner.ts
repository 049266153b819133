/** Who a document belongs to. Every read of a store names one; nothing reads across owners. */
export interface Owner {
  readonly workspaceId: string;
  readonly userId: string;
}

/** A map key that two different owners never share. */
export function ownerKey(owner: Owner): string {
  return `${owner.workspaceId}.${owner.userId}`;
}
