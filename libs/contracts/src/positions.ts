import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** How the members of one workspace name places in the event log. */
export interface Positions {
  /** `pos_…` for a sequence of the log, always the same for the same one. */
  encode(sequence: number): string;
  /** Undefined for anything that `encode` of this workspace did not return. */
  decode(position: string): number | undefined;
}

const PREFIX = 'pos_';
const POSITION = /^pos_[\w-]{22}$/;

/** Whether it could be a position, of whatever workspace. */
export function isPosition(text: string): boolean {
  return POSITION.test(text);
}

const CIPHER = 'aes-256-ecb';
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;
/** Where the sequence is in a block; all before it is zero, which a forged position is once in 2^64 attempts. */
const SEQUENCE_AT = 8;
const MOST_KEYS = 10_000;

/**
 * Sequences count the events of all owners, so whoever sees two of their own learns how much others wrote in between, and whoever may
 * send any learns how much there is. Clients therefore get a sequence as one encrypted block under a key of their workspace: nothing
 * has to be stored, every process with the secret can read it, and a position of another workspace means nothing.
 */
export class PositionCodec {
  readonly #secrets: () => readonly [string, ...string[]];
  /** By secret and workspace. */
  readonly #keys = new Map<string, Buffer>();

  /** @param secrets the first one encodes, all of them decode */
  constructor(secrets: () => readonly [string, ...string[]]) {
    this.#secrets = secrets;
  }

  of(workspaceId: string): Positions {
    return {
      encode: (sequence) => this.#encode(workspaceId, sequence),
      decode: (position) => this.#decode(workspaceId, position),
    };
  }

  #encode(workspaceId: string, sequence: number): string {
    const block = Buffer.alloc(BLOCK_BYTES);
    block.writeBigUInt64BE(BigInt(sequence), SEQUENCE_AT);
    const [secret] = this.#secrets();
    const cipher = createCipheriv(CIPHER, this.#key(secret, workspaceId), null).setAutoPadding(false);
    return PREFIX + Buffer.concat([cipher.update(block), cipher.final()]).toString('base64url');
  }

  #decode(workspaceId: string, position: string): number | undefined {
    if (!isPosition(position)) return undefined;
    const encrypted = Buffer.from(position.slice(PREFIX.length), 'base64url');
    // The last character has bits that belong to no byte.
    if (encrypted.toString('base64url') !== position.slice(PREFIX.length)) return undefined;
    for (const secret of this.#secrets()) {
      const decipher = createDecipheriv(CIPHER, this.#key(secret, workspaceId), null).setAutoPadding(false);
      const block = Buffer.concat([decipher.update(encrypted), decipher.final()]);
      const sequence = Number(block.readBigUInt64BE(SEQUENCE_AT));
      if (block.readBigUInt64BE(0) === 0n && Number.isSafeInteger(sequence)) return sequence;
    }
    return undefined;
  }

  #key(secret: string, workspaceId: string): Buffer {
    const name = `${workspaceId} ${secret}`;
    let key = this.#keys.get(name);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', secret, '', `opensync position ${workspaceId}`, KEY_BYTES));
      if (this.#keys.size >= MOST_KEYS) this.#keys.clear();
      this.#keys.set(name, key);
    }
    return key;
  }
}
