import { csvOf } from './csv.ts';

describe('a table as CSV', () => {
  it('quotes what would end a cell, and leaves numbers as they are', () => {
    expect(
      csvOf(
        ['Name', 'Tokens'],
        [
          ['a, "b"\nc', -1.5],
          ['d', 2],
        ],
      ),
    ).toBe('Name,Tokens\r\n"a, ""b""\nc",-1.5\r\nd,2\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('makes no formula of %j', (cell) => {
    expect(
      csvOf(['x'], [[cell]])
        .split('\r\n')[1]
        ?.replace('"', '')
        .startsWith("'"),
    ).toBe(true);
  });
});
