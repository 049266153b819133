import { TransferError } from './lines.ts';

const LINE_END = 0x0a;
/** Above any line that `export-log` writes: a payload has at most as many bytes as a request body, and base64 adds a third. */
const LONGEST_LINE_BYTES = 256 * 1024 * 1024;

/**
 * The lines of a file without their ends. Splits at `\n` alone, unlike `readline`, which also splits at U+2028 and U+2029:
 * those stand inside texts.
 * @throws TransferError if a line is longer than 256 MiB
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let open: Uint8Array[] = [];
  let openBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      open.push(chunk.subarray(from, end));
      yield Buffer.concat(open).toString('utf8');
      open = [];
      openBytes = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    open.push(chunk.subarray(from));
    openBytes += chunk.length - from;
    if (openBytes > LONGEST_LINE_BYTES)
      throw new TransferError('a line is too long: opensync export-log did not write this file');
  }
  if (openBytes > 0) yield Buffer.concat(open).toString('utf8');
}
