import { direction } from './points.ts';

describe('direction', () => {
  it('is the vector at unit length, with the precision of a float32', () => {
    const vector = Float32Array.from({ length: 512 }, (_, n) => Math.sin(n * n));
    const length = Math.hypot(...vector);
    const unit = direction(vector)!;
    for (const [at, value] of unit.entries()) expect(Math.abs(value - vector[at]! / length)).toBeLessThan(1e-9);
    expect(JSON.stringify(unit).length / 512).toBeLessThan(14);
  });

  it('does not depend on the length', () => {
    const vector = new Float32Array([3, -4, 0]);
    for (const scale of [1e-20, 1e-3, 1, 1e15]) {
      for (const [at, value] of direction(vector.map((x) => x * scale))!.entries()) {
        expect(value).toBeCloseTo([0.6, -0.8, 0][at]!, 7);
      }
    }
  });

  it('is undefined if the vector has none', () => {
    expect(direction(new Float32Array(3))).toBeUndefined();
    expect(direction(new Float32Array(0))).toBeUndefined();
  });
});
