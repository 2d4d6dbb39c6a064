/** The nearest way out of regions whose answer is known. */
import { describe, expect, it } from 'vitest';
import * as Search from '../../../tuner/scenario/search.ts';
import { draws } from '../../stress/fixture.ts';

const draw = draws(11);
const random = (size: number) => Array.from({ length: 40 }, () => Float64Array.from({ length: size }, () => draw() - 0.5));
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, part, index) => sum + part * b[index]!, 0);
const norm = (a: Float64Array) => Math.sqrt(dot(a, a));
const out =
  (isOut: (place: Float64Array) => boolean): Search.Outside =>
  (places) =>
    places.map(isOut);

describe('the nearest way out', () => {
  it.each([1, 2, 5, 12])('of a half-space in %i dimensions is its normal', (size) => {
    const normal = Float64Array.from({ length: size }, (_, index) => 1 + index);
    const found = Search.nearest(
      out((place) => dot(place, normal) > 6),
      random(size),
      { farthest: 20 },
    )!;
    expect(found.distance / (6 / norm(normal))).toBeGreaterThanOrEqual(1);
    expect(found.distance / (6 / norm(normal))).toBeLessThan(1.003);
    expect(dot(found.direction, normal) / norm(normal)).toBeGreaterThan(0.995);
  });

  it('of an ellipsoid is along its shortest axis', () => {
    const axes = [5, 3, 1.7, 4, 6];
    const found = Search.nearest(
      out((place) => axes.reduce((sum, axis, index) => sum + (place[index]! / axis) ** 2, 0) > 1),
      random(5),
      { farthest: 20 },
    )!;
    expect(found.distance).toBeGreaterThanOrEqual(1.7);
    expect(found.distance).toBeLessThan(1.702);
    expect(Math.abs(found.direction[2]!)).toBeGreaterThan(0.99);
  });

  it('of a region in two pieces is out of the nearer piece, and stops where it first leaves', () => {
    const shell = out((place) => (place[0]! > 2 && place[0]! < 2.6) || place[1]! > 3);
    const found = Search.nearest(shell, random(3), { farthest: 20 })!;
    expect(found.distance).toBeGreaterThanOrEqual(2);
    expect(found.distance).toBeLessThan(2.01);
    expect(found.ends[0]).toBe(found.distance);
    expect(found.ends.length).toBeGreaterThan(1);
  });

  it('is none where there is none within reach', () => {
    expect(
      Search.nearest(
        out((place) => norm(place) > 21),
        random(4),
        { farthest: 20 },
      ),
    ).toBeNull();
    expect(
      Search.nearest(
        out(() => true),
        [new Float64Array(3)],
        { farthest: 20 },
      ),
    ).toBeNull();
  });
});
