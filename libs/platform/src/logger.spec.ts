import { ConfigError } from './config.ts';
import { AppError } from './errors.ts';
import { createLogger } from './logger.ts';

/** The log output of an error at this level of the logger. */
function logged(level: string, err: unknown): { message: string; stack?: string; code?: string } {
  let line = '';
  createLogger(level, 'test', { write: (text) => (line += text) }).error({ err }, 'failed');
  return (JSON.parse(line) as { err: { message: string; stack?: string } }).err;
}

class StoreAway extends AppError {}
const refused = new Error('connect ECONNREFUSED 127.0.0.1:9200');

describe('an error in the log', () => {
  it('has its causes but no stack if it was expected', () => {
    const err = logged('warn', new StoreAway('UNAVAILABLE', 'the store does not answer', { cause: refused }));
    expect(err).not.toHaveProperty('stack');
    expect(err).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the store does not answer: connect ECONNREFUSED 127.0.0.1:9200',
    });
    expect(logged('warn', new ConfigError('PORT: wrong'))).not.toHaveProperty('stack');
  });

  it('has its stack if it was unexpected, and at the debugging levels', () => {
    expect(logged('warn', refused).stack).toContain('logger.spec.ts');
    expect(logged('debug', new StoreAway('UNAVAILABLE', 'away')).stack).toContain('logger.spec.ts');
  });
});
