import { endianness } from 'node:os';
import { AppError, ERRORS, type ErrorCode } from '@opensync/platform';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

/** Headers of the embedder's requests and answers, next to the JSON bodies of contracts/embedding. */
export const EMBED_HEADER = {
  /** Milliseconds that the caller waits; later answers need not be computed. */
  timeout: 'Osk-Timeout-Ms',
  // The names of NATS ADR-32, so that `nats request` and the service clients of every language show the failure.
  error: 'Nats-Service-Error',
  errorCode: 'Nats-Service-Error-Code',
  retryAfter: 'Retry-After',
} as const;

const FLIP_BYTES = endianness() === 'BE';

/** Base64 of the vector's values as little-endian float32. */
export function encodeVector(vector: Float32Array): string {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return (FLIP_BYTES ? Buffer.from(bytes).swap32() : bytes).toString('base64');
}

/** The inverse of encodeVector. The result owns its memory. */
export function decodeVector(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  if (FLIP_BYTES) bytes.swap32();
  const vector = new Float32Array(Math.floor(bytes.length / 4));
  new Uint8Array(vector.buffer).set(bytes.subarray(0, vector.byteLength));
  return vector;
}

/** A failure as headers of an answer. An error that is not an AppError is a bug: its details stay here. */
export function encodeFailure(error: unknown): MsgHdrs {
  const failure = error instanceof AppError ? error : new AppError('INTERNAL', 'the embedder failed');
  const encoded = headers();
  encoded.set(EMBED_HEADER.errorCode, String(ERRORS[failure.code].status));
  // A header value is one line.
  encoded.set(EMBED_HEADER.error, failure.message.replace(/[\r\n]+/g, ' '));
  if (failure.retryAfter !== undefined) encoded.set(EMBED_HEADER.retryAfter, String(failure.retryAfter));
  return encoded;
}

/** The failure in an answer's headers, or undefined if the answer is a result. */
export function decodeFailure(answer: MsgHdrs | undefined): AppError | undefined {
  const status = Number(answer?.get(EMBED_HEADER.errorCode));
  if (!answer || !status) return undefined;
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const code = codes.find((name) => ERRORS[name].status === status) ?? 'INTERNAL';
  const retryAfter = Number(answer.get(EMBED_HEADER.retryAfter)) || undefined;
  return new AppError(code, answer.get(EMBED_HEADER.error) || 'the embedder failed', { retryAfter });
}
