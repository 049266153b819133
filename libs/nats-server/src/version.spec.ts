import { isAtLeast, parseVersion } from './version.ts';

describe('the version of a nats-server', () => {
  it("is read from the program's output", () => {
    expect(parseVersion('nats-server: v2.15.2\n')).toBe('2.15.2');
    expect(parseVersion('nats-server: v2.12.0-RC.1')).toBe('2.12.0-RC.1');
    expect(parseVersion('v20.1.0')).toBeUndefined();
  });

  it.each([
    ['2.12.0', true],
    ['2.15.2', true],
    ['3.0.0', true],
    ['2.11.9', false],
    ['2.9.10', false],
    ['1.99.0', false],
  ])('%s is recent enough: %s', (version, expected) => {
    expect(isAtLeast(version, '2.12.0')).toBe(expected);
  });
});
