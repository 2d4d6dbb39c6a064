/**
 * The model's joint law as the kernel's flat arrays. Only + − × ÷ and √, so that `verify` gets the same bits anywhere.
 *
 * The regime of the first step is drawn from now · P: `now` describes the last bar, the first step comes after it.
 */
import { PlimsollError } from '../../base/errors.ts';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import type { LawInput, TiltInput } from '../../kernel/law.ts';
import type { MarketModel } from '../../models/market.ts';
import type { Tilt } from '../../models/tilt.ts';

export type Law = {
  readonly input: LawInput;
  /** In the order of the paths' columns. */
  readonly assets: readonly string[];
  /** σ_day of the impact law as a fraction: the larger of long-run and current volatility. */
  readonly dailyVolatility: Float64Array;
};

export function flatten(model: MarketModel, tilt: Tilt | null = null): Law {
  const { assets, regime, correlation } = model;
  const regimes = regime.multiplier.length;
  const size = assets.length;
  const shapes: readonly (readonly [string, number, number])[] = [
    ['regime.now', regime.now.length, regimes],
    ['regime.transition', regime.transition.length, regimes],
    ['correlation.byRegime', correlation.byRegime.length, regimes],
  ];
  for (const [where, got, needed] of shapes) {
    if (got !== needed) throw new BadLawError({ got: `${got} entries`, needed: `${needed}, one a regime`, where });
  }

  const first = regime.now.map((_, to) => regime.now.reduce((sum, weight, from) => sum + weight * regime.transition[from]![to]!, 0));
  const cholesky = new Float64Array(regimes * size * size);
  correlation.byRegime.forEach((matrix, index) => {
    cholesky.set(factor(matrix, size, `correlation.byRegime[${index}]`), index * size * size);
  });

  const gjr = new Float64Array(6 * size);
  const dailyVolatility = new Float64Array(size);
  const marginStart = new Int32Array(size + 1);
  const stepsPerDay = SECONDS_PER_DAY / model.stepSeconds;
  assets.forEach((asset, index) => {
    const law = model.volatility[asset];
    const margin = model.margins[asset];
    if (law === undefined || margin === undefined) {
      throw new BadLawError({ got: 'an asset without volatility or margin', needed: 'both for every asset of the model', where: asset });
    }
    if (margin.x.length < 2 || margin.x.length !== margin.z.length || margin.x.some((x, node) => node > 0 && x <= margin.x[node - 1]!)) {
      throw new BadLawError({ got: 'a margin table out of order', needed: 'at least two nodes with rising x', where: asset });
    }
    gjr.set([law.muPct, law.omega, law.alpha, law.gamma, law.beta, law.nextVariance], 6 * index);
    dailyVolatility[index] = Math.sqrt(Math.max(law.unconditionalVariance, law.nextVariance) * stepsPerDay) / 100;
    marginStart[index + 1] = marginStart[index]! + margin.x.length;
  });

  const input: LawInput = {
    assets: size,
    regimes,
    initial: running(first),
    transition: Float64Array.from(regime.transition.flatMap((row) => [...running(row)])),
    multiplier: Float64Array.from(regime.multiplier),
    cholesky,
    gjr,
    marginStart,
    marginX: Float64Array.from(assets.flatMap((asset) => model.margins[asset]!.x)),
    marginZ: Float64Array.from(assets.flatMap((asset) => model.margins[asset]!.z)),
    copulaNu: correlation.copulaNu,
  };
  if (tilt !== null) return { input: { ...input, tilt: pushed(model, tilt, cholesky, dailyVolatility) }, assets, dailyVolatility };
  return { input, assets, dailyVolatility };
}

/** Lower triangular L with L·Lᵀ = matrix. */
function factor(matrix: readonly (readonly number[])[], size: number, where: string): Float64Array {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let rest = matrix[row]![column]!;
      for (let k = 0; k < column; k += 1) rest -= lower[row * size + k]! * lower[column * size + k]!;
      if (row !== column) {
        lower[row * size + column] = rest / lower[column * size + column]!;
      } else if (rest > 0) {
        lower[row * size + row] = Math.sqrt(rest);
      } else {
        throw new NotPositiveDefiniteError({ got: `pivot ${rest} in row ${row}`, needed: 'a positive definite correlation matrix', where });
      }
    }
  }
  return lower;
}

/**
 * The unit direction −Lᵀv/|Lᵀv| of the draws, v = USD × σ by asset: a step along it takes most from the portfolio (first order). L is the
 * last regime's, the most turbulent: losses happen there.
 */
function pushed({ assets }: MarketModel, tilt: Tilt, cholesky: Float64Array, sigma: Float64Array): TiltInput {
  const size = assets.length;
  const stranger = Object.keys(tilt.towards).find((asset) => !assets.includes(asset));
  if (stranger !== undefined)
    throw new BadLawError({ got: `a tilt towards ${stranger}`, needed: 'assets of the model', where: 'tilt.towards' });
  const last = cholesky.length - size * size;
  const direction = new Float64Array(size);
  for (let column = 0; column < size; column += 1) {
    for (let row = column; row < size; row += 1) {
      direction[column]! -= cholesky[last + row * size + column]! * (tilt.towards[assets[row]!] ?? 0) * sigma[row]!;
    }
  }
  const held = assets.filter((asset) => (tilt.towards[asset] ?? 0) > 0).length;
  const length = Math.sqrt(direction.reduce((sum, part) => sum + part * part, 0));
  return {
    direction: direction.map((part) => part / length),
    single: Float64Array.from(assets, (asset) => ((tilt.towards[asset] ?? 0) > 0 ? 1 / held : 0)),
    share: { drift: tilt.drift.share, shock: tilt.shock.share, single: tilt.single.share },
    shift: { drift: tilt.drift.shift, shock: tilt.shock.shift, single: tilt.single.shift },
    scale: { shock: tilt.shock.scale, single: tilt.single.scale },
  };
}

function running(probabilities: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(probabilities, (probability) => {
    sum += probability;
    return sum;
  });
}

export class BadLawError extends PlimsollError {
  override readonly name = 'Law.BadLawError';
}

export class NotPositiveDefiniteError extends PlimsollError {
  override readonly name = 'Law.NotPositiveDefiniteError';
}
