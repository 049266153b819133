import { isKnown, rangeAsked } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';

describe('a Range header', () => {
  const etag = '"abc"';
  it.each([
    [undefined, undefined, 'whole'],
    ['bytes=0-0', undefined, { start: 0, end: 1 }],
    ['bytes=10-19', undefined, { start: 10, end: 20 }],
    ['bytes=10-', undefined, { start: 10, end: 100 }],
    ['bytes=10-1000', undefined, { start: 10, end: 100 }],
    ['bytes=-30', undefined, { start: 70, end: 100 }],
    ['bytes=-1000', undefined, { start: 0, end: 100 }],
    ['BYTES=1-2', undefined, { start: 1, end: 3 }],
    ['bytes=100-', undefined, 'unsatisfiable'],
    ['bytes=100-200', undefined, 'unsatisfiable'],
    ['bytes=-0', undefined, 'unsatisfiable'],
    ['bytes=5-4', undefined, 'whole'],
    ['bytes=0-1,5-6', undefined, 'whole'],
    ['bytes=-', undefined, 'whole'],
    ['bytes=a-b', undefined, 'whole'],
    ['lines=1-2', undefined, 'whole'],
    ['bytes=10-19', '"abc"', { start: 10, end: 20 }],
    ['bytes=10-19', '"other"', 'whole'],
    ['bytes=10-19', 'W/"abc"', 'whole'],
    ['bytes=10-19', 'Wed, 21 Oct 2025 07:28:00 GMT', 'whole'],
  ])('%s, If-Range %s, asks for %j of 100 bytes', (range, ifRange, expected) => {
    expect(rangeAsked(100, { range, ifRange, etag })).toEqual(expected);
  });

  it.each([
    [undefined, false],
    ['"abc"', true],
    ['W/"abc"', true],
    ['"x", "abc"', true],
    ['*', true],
    ['"x"', false],
  ])('If-None-Match: %s', (header, known) => expect(isKnown(header, etag)).toBe(known));
});

describe('Content-Disposition', () => {
  const sha256 = 'a'.repeat(64);
  it.each([
    ['shot.png', 'inline; filename="shot.png"'],
    [undefined, 'inline; filename="aaaaaaaaaaaa.png"'],
    ['', 'inline; filename="aaaaaaaaaaaa.png"'],
    ['...', 'inline; filename="aaaaaaaaaaaa.png"'],
    ['../../etc/passwd', 'inline; filename="passwd"'],
    ['C:\\shots\\a.png', 'inline; filename="a.png"'],
    ['a"; filename="b.html', 'inline; filename="a_; filename=_b.html"'],
    ['a\r\nSet-Cookie: x=1', 'inline; filename="a__Set-Cookie_ x=1"'],
    ['überraschung.png', `inline; filename="_berraschung.png"; filename*=UTF-8''%C3%BCberraschung.png`],
    [
      'スクリーン (1).png',
      `inline; filename="_____ (1).png"; filename*=UTF-8''%E3%82%B9%E3%82%AF%E3%83%AA%E3%83%BC%E3%83%B3%20%281%29.png`,
    ],
    ['evil\u202egnp.exe', 'inline; filename="evil_gnp.exe"'],
    ['50%.png', `inline; filename="50_.png"; filename*=UTF-8''50%25.png`],
  ])('names %j safely', (name, expected) => {
    const header = contentDisposition('inline', {
      ...(name !== undefined && { name }),
      mediaType: 'image/png',
      sha256,
    });
    expect(header).toBe(expected);
    expect(header).toMatch(/^[\x20-\x7e]+$/);
  });
});
