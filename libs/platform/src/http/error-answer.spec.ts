import { BadRequestException } from '@nestjs/common';
import { AppError, ERRORS, type ErrorCode } from '../errors.ts';
import { asAppError, errorAnswer } from './error-answer.ts';

describe('asAppError', () => {
  it('passes registered errors through', () => {
    const error = new AppError('NOT_FOUND', 'no such session');
    expect(asAppError(error)).toBe(error);
  });

  it('keeps the message of a client error that Nest throws', () => {
    expect(asAppError(new BadRequestException('limit must be a number'))).toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'limit must be a number',
    });
  });

  it.each([
    ['an Error', new Error('secret of the house')],
    ['a vendor error with a server status', Object.assign(new Error('secret of the house'), { statusCode: 502 })],
    ['a string', 'secret of the house'],
    ['null', null],
  ])('hides the message of %s and keeps it as the cause', (_name, thrown) => {
    const error = asAppError(thrown);
    expect(error.code).toBe('INTERNAL');
    expect(error.message).not.toContain('secret');
    expect(error.cause).toBe(thrown);
  });
});

describe('errorAnswer', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('answers %s with its status', (code) => {
    const answer = errorAnswer(new AppError(code, 'why'), 'id-1');
    expect(answer.status).toBe(ERRORS[code].status);
    expect(answer.body).toEqual({ error: { code, message: 'why', requestId: 'id-1' } });
    expect(answer.headers['retry-after']).toBe(ERRORS[code].retryable ? '1' : undefined);
  });

  it('rounds Retry-After up to whole seconds', () => {
    const { headers } = errorAnswer(new AppError('UNAVAILABLE', 'full', { retryAfter: 2.1 }), 'id-1');
    expect(headers['retry-after']).toBe('3');
  });

  it('lists details', () => {
    const details = [{ path: 'title', message: 'expected a string' }];
    expect(errorAnswer(new AppError('INVALID_REQUEST', 'bad', { details }), 'id-1').body.error.details).toEqual(
      details,
    );
  });

  it('has the headers of the error', () => {
    const { headers } = errorAnswer(new AppError('METHOD_NOT_ALLOWED', 'no', { headers: { allow: 'GET' } }), 'id-1');
    expect(headers).toMatchObject({ allow: 'GET', 'x-request-id': 'id-1' });
  });

  it('has at most 20 details, and says how many there were', () => {
    const details = Array.from({ length: 25 }, (_, n) => ({ path: `messages.${n}`, message: 'is not a message' }));
    const { error } = errorAnswer(new AppError('INVALID_REQUEST', 'bad', { details }), 'id-1').body;
    expect(error.details).toEqual(details.slice(0, 20));
    expect(error.message).toBe('bad (the first 20 of 25 problems)');
    expect(
      errorAnswer(new AppError('INVALID_REQUEST', 'bad', { details: details.slice(5) }), 'id-1').body.error,
    ).toEqual({
      code: 'INVALID_REQUEST',
      message: 'bad',
      details: details.slice(5),
      requestId: 'id-1',
    });
  });

  it('stays small, however much of the request an error repeats', () => {
    const huge = '\u{1f600}'.repeat(100_000);
    const details = Array.from({ length: 10_000 }, () => ({ path: huge, message: huge }));
    const { body } = errorAnswer(new AppError('INVALID_REQUEST', huge, { details }), 'id-1');
    const text = JSON.stringify(body);
    expect(text.length).toBeLessThan(20_000);
    expect(text).not.toMatch(/\\ud/);
    expect(body.error.message).toMatch(/…/);
  });
});
