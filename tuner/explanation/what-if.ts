/**
 * What if: the world a little other than measured, one thing at a time. Under it the advised parameters are stressed again (sensitivity), or
 * the whole recommendation is made again (counterfactual: "would be 78 % if depth were twice as large").
 */
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import type { MarketModel } from '../../models/market.ts';
import type { Side } from './drivers.ts';

export const WHAT_IFS = ['depth', 'volatility', 'correlation', 'tails', 'oracle'] as const;
export const WhatIf = z.strictObject({ what: z.enum(WHAT_IFS), factor: z.number().positive() }).readonly();
export type WhatIf = z.infer<typeof WhatIf>;

/** What is looked at when nobody asks: each a size that people argue about. */
export const USUAL: readonly WhatIf[] = [
  { what: 'depth', factor: 0.5 },
  { what: 'depth', factor: 2 },
  { what: 'volatility', factor: 0.8 },
  { what: 'volatility', factor: 1.25 },
  { what: 'correlation', factor: 0.5 },
  { what: 'correlation', factor: 1.5 },
  { what: 'tails', factor: 0.7 },
  { what: 'tails', factor: 2 },
  { what: 'oracle', factor: 4 },
];

/** λ of the move towards all ones, for each whole step of the factor above 1. */
const CONVERGENCE = 0.5;
const LEAST_NU = 2.1;

const SAYS: Readonly<Record<WhatIf['what'], (factor: number) => string>> = {
  depth: (factor) => `daily volume of every market ×${factor}`,
  volatility: (factor) => `every asset's volatility ×${factor}`,
  correlation: (factor) => (factor > 1 ? `correlations ${round(CONVERGENCE * (factor - 1))} of the way to one` : `correlations ×${factor}`),
  tails: (factor) => `degrees of freedom of the copula ×${factor}`,
  oracle: (factor) => `oracle latency and heartbeat ×${factor}`,
};

export function says({ what, factor }: WhatIf): string {
  return SAYS[what](factor);
}

/** `depth=2`. */
export function parse(text: string): WhatIf {
  const [what, number] = text.split('=');
  const known = WHAT_IFS.find((one) => one === what);
  const factor = Number(number);
  if (known === undefined || number === undefined || number === '' || !(factor > 0 && factor <= 100)) {
    throw new BadWhatIfError({ got: text, needed: `NAME=FACTOR, NAME one of ${WHAT_IFS.join(', ')}, FACTOR above 0 and at most 100` });
  }
  return { what: known, factor };
}

export function applied({ state, model }: Side, { what, factor }: WhatIf): Side {
  if (what === 'depth' || what === 'oracle') return { state: otherMarkets(state, what, factor), model };
  const { id: _, ...law } = model;
  if (what === 'volatility') {
    const scaled = Object.entries(law.volatility).map(([asset, own]) => {
      const { omega, nextVariance, unconditionalVariance } = own;
      const square = factor * factor;
      return [
        asset,
        { ...own, omega: omega * square, nextVariance: nextVariance * square, unconditionalVariance: unconditionalVariance * square },
      ];
    });
    return { state, model: seal({ ...law, volatility: Object.fromEntries(scaled) as MarketModel['volatility'] }) };
  }
  const { correlation } = law;
  if (what === 'tails') {
    return { state, model: seal({ ...law, correlation: { ...correlation, copulaNu: Math.max(LEAST_NU, correlation.copulaNu * factor) } }) };
  }
  const lambda = Math.min(0.95, CONVERGENCE * (factor - 1));
  // Both keep the matrix positive definite: a mixture with all ones, or with the identity.
  const entry = (value: number) => (factor > 1 ? (1 - lambda) * value + lambda : factor * value);
  const byRegime = correlation.byRegime.map((matrix) => matrix.map((row, i) => row.map((value, j) => (i === j ? 1 : entry(value)))));
  return { state, model: seal({ ...law, correlation: { ...correlation, byRegime } }) };
}

function otherMarkets(state: ProtocolState, what: 'depth' | 'oracle', factor: number): ProtocolState {
  const { id: _, ...rest } = state;
  const assets = rest.assets.map((row) =>
    what === 'depth'
      ? { ...row, depth: { ...row.depth, dailyVolumeUsd: row.depth.dailyVolumeUsd * factor } }
      : {
          ...row,
          feed: {
            ...row.feed,
            heartbeatSeconds: Math.max(1, Math.round(row.feed.heartbeatSeconds * factor)),
            latencySeconds: Math.round(row.feed.latencySeconds * factor),
          },
        },
  );
  return seal({ ...rest, assets });
}

function round(value: number): string {
  return value.toFixed(2);
}

export class BadWhatIfError extends PlimsollError {
  override readonly name = 'WhatIf.BadWhatIfError';
}
