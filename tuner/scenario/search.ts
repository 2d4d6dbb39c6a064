/**
 * Search: the shortest way out of a region of space, seen from its middle: the direction in which the boundary is nearest. The region need be
 * neither convex nor smooth (a cascade makes steps), so what is found is the best of several starts and no more.
 *
 *   1. along every given direction, outwards in coarse steps, the first step that is outside;
 *   2. from the nearest few that point apart, a compass search on the sphere: turn a little along each axis, keep what comes nearer, turn less;
 *   3. along the way, the boundary between the last step inside and the first outside, to a millionth.
 */

/** Which of these places are outside; asked in batches. */
export type Outside = (places: readonly Float64Array[]) => readonly boolean[];

export type Nearest = {
  readonly direction: Float64Array;
  readonly distance: number;
  /** Where each start ended, nearest first. */
  readonly ends: readonly number[];
};

export type Limits = { readonly farthest: number; readonly onShare?: (share: number) => void };

/** Even steps at first, then growing ones. */
const COARSE = 0.5;
const EVEN = 10;
const GROWTH = 1.08;
const STARTS = 6;
/** Cosine beyond which two directions are one start. */
const ALIKE = 0.95;
const FIRST_TURN = 0.5;
const LAST_TURN = 0.01;
/** Nearer by these shares; by less than the first is no nearer. */
const NEARER = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512];
const PARTS = 24;
const PRECISION = 1e-6;

/** Null where no direction leads out within the farthest distance. */
export function nearest(
  outside: Outside,
  directions: readonly Float64Array[],
  { farthest, onShare = () => undefined }: Limits,
): Nearest | null {
  const units = directions.map(unit).filter((direction) => direction.every(Number.isFinite));
  // 1. Coarse.
  const reached = units
    .map((direction, index) => {
      const distance = firstOutside(outside, direction, farthest);
      onShare((0.5 * (index + 1)) / units.length);
      return { direction, distance };
    })
    .filter(({ distance }) => distance !== null) as { direction: Float64Array; distance: number }[];
  if (reached.length === 0) return null;
  const starts: typeof reached = [];
  for (const one of [...reached].sort((a, b) => a.distance - b.distance)) {
    if (starts.length < STARTS && starts.every(({ direction }) => dot(direction, one.direction) < ALIKE)) starts.push(one);
  }

  // 2. Turn.
  const ends = starts.map((start, index) => {
    const end = turned(outside, { ...start, distance: refined(outside, start.direction, start.distance) });
    onShare(0.5 + (0.5 * (index + 1)) / starts.length);
    return end;
  });
  const best = ends.reduce((one, other) => (other.distance < one.distance ? other : one));
  return { ...best, ends: ends.map(({ distance }) => distance).sort((a, b) => a - b) };
}

type Way = { readonly direction: Float64Array; readonly distance: number };

function turned(outside: Outside, start: Way): Way {
  let best = start;
  for (let turn = FIRST_TURN; turn >= LAST_TURN; ) {
    const direction = nearestOf(outside, best.direction.length < 2 ? [] : aside(best.direction, turn), best.distance);
    if (direction === null) turn /= 2;
    else best = direction;
  }
  return best;
}

/** Of several directions the one that is still outside nearest to the middle, by halving lengths; null where none is worth turning to. */
function nearestOf(outside: Outside, directions: readonly Float64Array[], known: number): Way | null {
  const shares = NEARER.map((nearer) => 1 - nearer);
  const first = outside(directions.map((direction) => scaled(direction, known * shares[0]!)));
  const left = directions.filter((_, index) => first[index]);
  if (left.length === 0) return null;
  const isOut = outside(left.flatMap((direction) => shares.map((share) => scaled(direction, known * share))));
  const reach = left.map((_, index) => isOut.slice(index * shares.length, (index + 1) * shares.length).lastIndexOf(true));
  const winner = reach.indexOf(Math.max(...reach));
  const distance = refined(outside, left[winner]!, known * shares[reach[winner]!]!);
  return { direction: left[winner]!, distance };
}

/** A turn towards and away from each axis. */
function aside(direction: Float64Array, turn: number): Float64Array[] {
  return [...direction.keys()].flatMap((axis) =>
    [turn, -turn].map((by) => {
      const other = direction.slice();
      other[axis]! += by;
      return unit(other);
    }),
  );
}

function firstOutside(outside: Outside, direction: Float64Array, farthest: number): number | null {
  const distances: number[] = [];
  for (let distance = COARSE; distance < farthest; distance = distance < EVEN ? distance + COARSE : distance * GROWTH)
    distances.push(distance);
  distances.push(farthest);
  const place = outside(distances.map((distance) => scaled(direction, distance))).indexOf(true);
  return place < 0 ? null : distances[place]!;
}

/** The first way out at or before `known`, which is outside. */
function refined(outside: Outside, direction: Float64Array, known: number): number {
  let [inside, out] = [0, known];
  while (out - inside > PRECISION * known) {
    const from = inside;
    const width = (out - from) / (PARTS + 1);
    const between = Array.from({ length: PARTS }, (_, part) => from + (part + 1) * width);
    const first = outside(between.map((distance) => scaled(direction, distance))).indexOf(true);
    inside = first < 0 ? between.at(-1)! : first === 0 ? from : between[first - 1]!;
    if (first >= 0) out = between[first]!;
  }
  return out;
}

function scaled(direction: Float64Array, by: number): Float64Array {
  return direction.map((part) => part * by);
}

function unit(direction: Float64Array): Float64Array {
  return scaled(direction, 1 / Math.sqrt(dot(direction, direction)));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, part, index) => sum + part * b[index]!, 0);
}
