import { createCipheriv, createDecipheriv, hash, hkdfSync, type Cipheriv, type Decipheriv } from 'node:crypto';

/** How the members of one workspace name places in the event log. */
export interface Positions {
  /** `pos_…` for a sequence of the log, always the same for the same one. */
  encode(sequence: number): string;
  /** Undefined for anything that `encode` of this workspace did not return. */
  decode(position: string): number | undefined;
  /** How they name the places of messages in one session. */
  places(sessionId: string): Places;
  /** A key of the workspace for one purpose, from the same secret. It changes if the secret does. */
  keyFor(purpose: string): Buffer;
}

/** The place of a message in its session: by creation time, then arrival. */
export interface Place {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Sequence of its first event. */
  readonly sequence: number;
}

/** Names for places of messages in one session. */
export interface Places {
  /** `mps_…` for each place, always the same for the same one. Many at once cost a fraction of many calls. */
  encode(places: readonly Place[]): string[];
  /** Undefined for anything that `encode` of this workspace and session did not return. */
  decode(position: string): Place | undefined;
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

const PLACE_PREFIX = 'mps_';
const PLACE = /^mps_[\w-]{22}$/;
/** A time and a sequence have 53 bits each; what is above them in a block is zero. */
const HALF_BITS = 53n;
const HALF = (1n << HALF_BITS) - 1n;
const WORD_BITS = 64n;
const WORD_32 = 2 ** 32;
/** The lower word of a block has the sequence's 53 bits and above them the last 11 of the time. */
const SPLIT = 2 ** 11;
const SPLIT_AT = 21;

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
      places: (sessionId) => {
        const mask = maskOf(sessionId);
        return {
          encode: (places) => this.#encodePlaces(workspaceId, mask, places),
          decode: (position) => this.#decodePlace(workspaceId, mask, position),
        };
      },
      keyFor: (purpose) =>
        Buffer.from(hkdfSync('sha256', this.#secrets()[0], '', `opensync ${purpose} ${workspaceId}`, KEY_BYTES)),
    };
  }

  #encode(workspaceId: string, sequence: number): string {
    const block = Buffer.alloc(BLOCK_BYTES);
    block.writeBigUInt64BE(BigInt(sequence), SEQUENCE_AT);
    const [secret] = this.#secrets();
    return PREFIX + this.#blocksOf(secret, `position ${workspaceId}`).cipher.update(block).toString('base64url');
  }

  #encodePlaces(workspaceId: string, mask: PlaceMask, places: readonly Place[]): string[] {
    const blocks = Buffer.alloc(places.length * BLOCK_BYTES);
    const [m0, m1, m2, m3] = mask.words;
    for (const [at, { createdAt, sequence }] of places.entries()) {
      // As numbers of 32 bits: an outline has ten thousand places, and BigInts would be most of its cost.
      const start = at * BLOCK_BYTES;
      const upper = Math.floor(createdAt / SPLIT);
      blocks.writeUInt32BE((Math.floor(upper / WORD_32) ^ m0) >>> 0, start);
      blocks.writeUInt32BE((upper ^ m1) >>> 0, start + 4);
      blocks.writeUInt32BE((((createdAt % SPLIT) << SPLIT_AT) ^ Math.floor(sequence / WORD_32) ^ m2) >>> 0, start + 8);
      blocks.writeUInt32BE((sequence ^ m3) >>> 0, start + 12);
    }
    const [secret] = this.#secrets();
    const encrypted = this.#blocksOf(secret, `place ${workspaceId}`).cipher.update(blocks);
    return places.map((_, at) => {
      const start = at * BLOCK_BYTES;
      return PLACE_PREFIX + encrypted.toString('base64url', start, start + BLOCK_BYTES);
    });
  }

  #decodePlace(workspaceId: string, { whole: mask }: PlaceMask, position: string): Place | undefined {
    if (!PLACE.test(position)) return undefined;
    const encrypted = encryptedIn(position, PLACE_PREFIX);
    for (const secret of encrypted ? this.#secrets() : []) {
      const read = this.#blocksOf(secret, `place ${workspaceId}`).decipher.update(encrypted!);
      const block = ((read.readBigUInt64BE(0) << WORD_BITS) | read.readBigUInt64BE(SEQUENCE_AT)) ^ mask;
      if (block >> (2n * HALF_BITS) !== 0n) continue;
      return { createdAt: Number(block >> HALF_BITS), sequence: Number(block & HALF) };
    }
    return undefined;
  }

  #decode(workspaceId: string, position: string): number | undefined {
    if (!isPosition(position)) return undefined;
    const encrypted = encryptedIn(position, PREFIX);
    for (const secret of encrypted ? this.#secrets() : []) {
      const block = this.#blocksOf(secret, `position ${workspaceId}`).decipher.update(encrypted!);
      const sequence = Number(block.readBigUInt64BE(SEQUENCE_AT));
      if (block.readBigUInt64BE(0) === 0n && Number.isSafeInteger(sequence)) return sequence;
    }
    return undefined;
  }

  #blocksOf(secret: string, purpose: string): BlockCipher {
    const name = `${purpose} ${secret}`;
    let blocks = this.#blocks.get(name);
    if (!blocks) {
      const key = Buffer.from(hkdfSync('sha256', secret, '', `opensync ${purpose}`, KEY_BYTES));
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

function encryptedIn(position: string, prefix: string): Buffer | undefined {
  const text = position.slice(prefix.length);
  const encrypted = Buffer.from(text, 'base64url');
  // The last character has bits that belong to no byte.
  return encrypted.toString('base64url') === text ? encrypted : undefined;
}

/** Makes equal places of two sessions different blocks, so that a position of another session is recognised. */
interface PlaceMask {
  readonly whole: bigint;
  /** The same as four numbers, the highest first. */
  readonly words: readonly [number, number, number, number];
}

function maskOf(sessionId: string): PlaceMask {
  const digest = hash('sha256', sessionId, 'buffer');
  return {
    whole: (digest.readBigUInt64BE(0) << WORD_BITS) | digest.readBigUInt64BE(SEQUENCE_AT),
    words: [digest.readUInt32BE(0), digest.readUInt32BE(4), digest.readUInt32BE(8), digest.readUInt32BE(12)],
  };
}
