import { definitionOf, eventHeaders, eventSubject, type NewEvent } from '@opensync/contracts';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { CLAIM_HEADER, type Claim } from './claim.ts';

/** An encoded event: its subject, its header lines without the closing empty line, its body. */
export interface WireEvent {
  readonly id: string;
  readonly subject: string;
  readonly headers: string;
  readonly body: Uint8Array;
  /** Bytes of headers and body, as the server counts them. */
  readonly bytes: number;
  /** A part: stored with its message, which comes before it, or not at all. */
  readonly belongsToPrevious: boolean;
  /** The fingerprint of the request that this event represents. */
  readonly claim: string | undefined;
}

export interface EncodingOptions {
  readonly source: string;
  readonly deduplicate: boolean;
  /** The claim of the request that this event represents: the stream detects duplicates by its id. */
  readonly claim?: Claim | undefined;
  readonly traceparent?: string | undefined;
}

/** Room for the three batch headers, the largest headers that are added to a WireEvent. */
const BATCH_HEADER_BYTES = 128;

/**
 * Encodes an event once; a retry sends the same bytes.
 * @throws TypeError if a header value would start a new header line
 */
export function encodeEvent(event: NewEvent, { source, deduplicate, claim, traceparent }: EncodingOptions): WireEvent {
  let headers = 'NATS/1.0\r\n';
  const values = eventHeaders(event, source, traceparent);
  for (const name in values) headers += headerLine(name, values[name]!);
  if (claim) headers += headerLine('Nats-Msg-Id', claim.id) + headerLine(CLAIM_HEADER, claim.fingerprint);
  else if (deduplicate) headers += headerLine('Nats-Msg-Id', event.id);
  const body = Buffer.from(JSON.stringify(event.data));
  const { entity, atomicWithPrevious = false } = definitionOf(event.type);
  return {
    id: event.id,
    subject: eventSubject(event.owner, entity),
    headers,
    body,
    bytes: Buffer.byteLength(headers) + BATCH_HEADER_BYTES + body.length,
    belongsToPrevious: atomicWithPrevious,
    claim: claim?.fingerprint,
  };
}

const LINE_BREAK = /[\r\n]/;

function headerLine(name: string, value: string): string {
  if (LINE_BREAK.test(value)) throw new TypeError(`header ${name} has a line break`);
  return `${name}: ${value}\r\n`;
}

/**
 * Headers that are already text. The client's own class validates and copies each value on every publish, which costs
 * as much as all other work on this path.
 */
export class EncodedHeaders extends MsgHdrsImpl {
  readonly #lines: string;

  constructor(lines: string) {
    super();
    this.#lines = lines;
  }

  override encode(): Uint8Array {
    return Buffer.from(`${this.#lines}\r\n`);
  }
}

/** The headers of message `position` (1-based) of `count` in an atomic batch (ADR-50 of NATS). */
export function batchHeaders(event: WireEvent, batchId: string, position: number, count: number): EncodedHeaders {
  const commit = position === count ? 'Nats-Batch-Commit: 1\r\n' : '';
  return new EncodedHeaders(
    `${event.headers}Nats-Batch-Id: ${batchId}\r\nNats-Batch-Sequence: ${position}\r\n${commit}`,
  );
}
