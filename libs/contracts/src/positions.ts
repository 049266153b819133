import { createCipheriv, createDecipheriv, hkdfSync, type Cipheriv, type Decipheriv } from 'node:crypto';

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

/** In this mode each block stands for itself, so one object serves for all: making one costs ten times as much as a block. */
interface BlockCipher {
  readonly cipher: Cipheriv;
  readonly decipher: Decipheriv;
}

/**
 * Sequences count the events of all owners, so an owner who sees two of their own learns how much others wrote in between, and a client that may
 * send any learns how much there is. Clients therefore get a sequence as one encrypted block under a key of their workspace: nothing
 * has to be stored, every process with the secret can read it, and a position of another workspace means nothing.
 */
export class PositionCodec {
  readonly #secrets: () => readonly [string, ...string[]];
  /** By secret and workspace. */
  readonly #blocks = new Map<string, BlockCipher>();

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
    return PREFIX + this.#blocksOf(secret, workspaceId).cipher.update(block).toString('base64url');
  }

  #decode(workspaceId: string, position: string): number | undefined {
    if (!isPosition(position)) return undefined;
    const encrypted = Buffer.from(position.slice(PREFIX.length), 'base64url');
    // The last character has bits that belong to no byte.
    if (encrypted.toString('base64url') !== position.slice(PREFIX.length)) return undefined;
    for (const secret of this.#secrets()) {
      const block = this.#blocksOf(secret, workspaceId).decipher.update(encrypted);
      const sequence = Number(block.readBigUInt64BE(SEQUENCE_AT));
      if (block.readBigUInt64BE(0) === 0n && Number.isSafeInteger(sequence)) return sequence;
    }
    return undefined;
  }

  #blocksOf(secret: string, workspaceId: string): BlockCipher {
    const name = `${workspaceId} ${secret}`;
    let blocks = this.#blocks.get(name);
    if (!blocks) {
      const key = Buffer.from(hkdfSync('sha256', secret, '', `opensync position ${workspaceId}`, KEY_BYTES));
      blocks = {
        cipher: createCipheriv(CIPHER, key, null).setAutoPadding(false),
        decipher: createDecipheriv(CIPHER, key, null).setAutoPadding(false),
      };
      if (this.#blocks.size >= MOST_KEYS) this.#blocks.clear();
      this.#blocks.set(name, blocks);
    }
    return blocks;
  }
}
