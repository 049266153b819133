import { affordable } from './memory.ts';

const GIBIBYTE = 2 ** 30;

describe('affordable', () => {
  const { constrainedMemory } = process;
  afterEach(() => void (process.constrainedMemory = constrainedMemory));
  const withLimit = (bytes: number) => void (process.constrainedMemory = () => bytes);

  it('is a share of what a container has, if that is less', () => {
    withLimit(GIBIBYTE / 2);
    expect(affordable(GIBIBYTE, 1 / 8)).toBe(GIBIBYTE / 16);
    expect(affordable(1024, 1 / 8)).toBe(1024);
  });

  it.each([0, 2 ** 64])('is a share of the machine if nothing constrains the process: %i', (limit) => {
    withLimit(limit);
    expect(affordable(1024, 1 / 8)).toBe(1024);
    expect(affordable(2 ** 70, 1)).toBeLessThan(2 ** 60);
  });
});
