/**
 * What the law says of one asset over the coming steps: returns simulated from GJR, regime and margin, one asset by itself.
 *
 * The plain twin of the kernel's path loop for a single asset, with streams of its own: used to hold other models against the
 * law, never for evidence.
 */
import { uniform } from '../base/random.ts';
import type { GjrLaw, Margin, MarketModel, RegimeLaw } from './market.ts';
import { tCdf } from './math/special.ts';

export type Law = Pick<MarketModel, 'volatility' | 'margins' | 'regime'>;

const REFINEMENT = 8;

/** Σ of `steps` returns in percent, one a path, in rising order. */
export function simulate(
  law: Law,
  asset: string,
  options: {
    readonly steps: number;
    readonly paths: number;
    readonly copulaNu: number;
    readonly stream: { readonly seed: number; readonly purpose: number };
  },
): Float64Array {
  const gjr = law.volatility[asset]!;
  const table = refined(law.margins[asset]!, options.copulaNu);
  const { seed, purpose } = options.stream;
  return Float64Array.from({ length: options.paths }, (_, path) => {
    let state = draw(law.regime.now, uniform(seed, purpose, path, 0, 0));
    let h = gjr.nextVariance;
    let total = 0;
    for (let step = 1; step <= options.steps; step += 1) {
      state = draw(law.regime.transition[state]!, uniform(seed, purpose, path, step, 0));
      const z = interpolate(table, uniform(seed, purpose, path, step, 1));
      total += advance(gjr, law.regime, state, h, z);
      h = nextVariance(gjr, law.regime, state, h, z);
    }
    return total;
  }).sort();
}

function advance(gjr: GjrLaw, regime: RegimeLaw, state: number, h: number, z: number): number {
  return gjr.muPct + Math.sqrt(h) * regime.multiplier[state]! * z;
}

function nextVariance(gjr: GjrLaw, regime: RegimeLaw, state: number, h: number, z: number): number {
  const e = Math.sqrt(h) * regime.multiplier[state]! * z;
  return gjr.omega + (gjr.alpha + (e < 0 ? gjr.gamma : 0)) * e * e + gjr.beta * h;
}

function draw(probability: readonly number[], u: number): number {
  let sum = 0;
  for (let state = 0; state < probability.length; state += 1) {
    sum += probability[state]!;
    if (u < sum) return state;
  }
  return probability.length - 1;
}

type Table = { readonly levels: Float64Array; readonly z: Float64Array };

/** The margin over probabilities: linear in x, as the law says, so each stretch of x is cut fine before it is read in u. */
function refined({ x, z }: Margin, copulaNu: number): Table {
  const fine = (nodes: readonly number[]) => [
    ...nodes.slice(1).flatMap((node, i) => Array.from({ length: REFINEMENT }, (_, k) => nodes[i]! + (k / REFINEMENT) * (node - nodes[i]!))),
    nodes[nodes.length - 1]!,
  ];
  return { levels: Float64Array.from(fine(x), (node) => tCdf(node, copulaNu)), z: Float64Array.from(fine(z)) };
}

function interpolate({ levels, z }: Table, u: number): number {
  let low = 0;
  let high = levels.length - 1;
  if (u <= levels[low]!) return z[low]!;
  if (u >= levels[high]!) return z[high]!;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (levels[middle]! <= u) low = middle;
    else high = middle;
  }
  return z[low]! + ((u - levels[low]!) / (levels[high]! - levels[low]!)) * (z[high]! - z[low]!);
}
