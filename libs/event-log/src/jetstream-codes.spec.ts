import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import * as codes from './jetstream-codes.ts';
import { JETSTREAM_CODE } from './jetstream-codes.ts';

type Predicate = Extract<keyof typeof codes, `is${string}`>;

/** The predicates that hold for each code, whatever its description. */
const HOLDS: Readonly<Record<keyof typeof JETSTREAM_CODE, readonly Predicate[]>> = {
  accountResourcesExceeded: ['isFull', 'isOutOfStorage'],
  badRequest: ['isNeverAccepted'],
  consumerNotFound: ['isConsumerNotFound'],
  insufficientResources: ['isFull', 'isOutOfStorage'],
  invalidJson: ['isNeverAccepted'],
  messageNotFound: ['isGoneAlready', 'isMessageNotFound'],
  notEnabledForAccount: ['isJetStreamOff'],
  sequenceNotFound: ['isGoneAlready'],
  storageResourcesExceeded: ['isFull', 'isOutOfStorage'],
  messageExceedsMaximum: ['isNeverAccepted', 'isTooLarge'],
  messageDeleteFailed: ['isGoneAlready'],
  streamNotFound: ['isStreamNotFound'],
  wrongLastSequence: ['isConflict'],
  storeFailed: [],
  headerExceedsMaximum: ['isNeverAccepted', 'isTooLarge'],
  duplicateInProcess: ['isDuplicateInProcess'],
  wrongLastSequenceUnknown: ['isConflict'],
  duplicateInBatch: ['isDuplicateInBatch'],
};

const PREDICATES = Object.keys(codes).filter((name): name is Predicate => name.startsWith('is'));
const holdsOf = (problem: unknown) => PREDICATES.filter((name) => codes[name](problem as never)).sort();
const thrown = (code: number, description = '') => new JetStreamApiError({ code: 400, err_code: code, description });
const answered = (code: number, description = '') => ({ errorCode: code, description });

describe('codes of JetStream', () => {
  it.each(Object.entries(HOLDS))('%s: a publish answer with it is %j', (name, predicates) => {
    expect(holdsOf(answered(JETSTREAM_CODE[name as keyof typeof JETSTREAM_CODE]))).toEqual(predicates);
  });

  it.each(Object.entries(HOLDS))('%s: an error with it is %j', (name, predicates) => {
    const error = Object.assign(thrown(JETSTREAM_CODE[name as keyof typeof JETSTREAM_CODE]), { description: '' });
    expect(holdsOf(error)).toEqual(predicates);
  });

  it.each([
    ['the stream reached its limit', 'maximum bytes exceeded', ['isFull']],
    ['the disk is full', 'write blk/1.blk: no space left on device', ['isFull']],
    ['anything else failed', 'checksum mismatch', []],
  ])('a failure to store is full if %s', (_, description, predicates) => {
    expect(holdsOf(answered(JETSTREAM_CODE.storeFailed, description))).toEqual(predicates);
  });

  it('a full disk is out of storage whatever the code', () => {
    expect(codes.isOutOfStorage(thrown(10049, 'mkdir: no space left on device'))).toBe(true);
    expect(codes.isOutOfStorage(thrown(10049, 'deleted'))).toBe(false);
    expect(codes.isOutOfStorage(new Error('no space left on device'))).toBe(false);
  });

  it.each<[string, unknown]>([
    ['a timeout', new Error('timeout')],
    ['undefined', undefined],
    ['null', null],
    ['text', 'no'],
    ['an unknown code', answered(1)],
  ])('no predicate holds for %s', (_, problem) => {
    expect(PREDICATES.filter((name) => name !== 'isFull' && codes[name](problem as never))).toEqual([]);
  });

  it("has the client's numbers for the codes that the client names", () => {
    expect(JETSTREAM_CODE).toMatchObject({
      consumerNotFound: JetStreamApiCodes.ConsumerNotFound,
      messageNotFound: JetStreamApiCodes.NoMessageFound,
      notEnabledForAccount: JetStreamApiCodes.JetStreamNotEnabledForAccount,
      streamNotFound: JetStreamApiCodes.StreamNotFound,
      wrongLastSequence: JetStreamApiCodes.StreamWrongLastSequence,
      wrongLastSequenceUnknown: JetStreamApiCodes.StreamWrongLastSequenceUnknown,
    });
  });
});
