/**
 * What is assumed of depth and its recovery, and how far results hang on it: `npx tsx evidence/impact.ts`, four minutes. Writes
 * docs/evidence/impact.md. Reads ../shared/data: hourly coins, the published Aave tables.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { type Depth, type ParametersByAsset, type ProtocolState, parametersOf } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import type { MarketModel } from '../models/market.ts';
import { plan } from '../models/scenario.ts';
import type { NamedResult } from '../tuner/stress/evidence.ts';
import * as Impact from '../tuner/stress/impact.ts';
import * as Replay from '../tuner/stress/replay.ts';
import * as Stress from '../tuner/stress/stress.ts';
import * as Real from './books/real.ts';

const AS_OF = '2022-05-08T00:00:00.000Z';
const WEEK = ['2022-05-07T00:00:00.000Z', '2022-05-15T00:00:00.000Z'] as const;
const OUT = 'docs/evidence/impact.md';
const PATHS = 2_048;
const HORIZON_STEPS = 72;
const LEVEL = 0.99;
const ORDERS = 30;
/** A change of δ alone would turn around the cost of a day's volume, which nobody quotes: the cost of this share of it is kept. */
const PIVOT = 0.01;
/** The advice of docs/evidence/voyage.md: three points of haircut on what the panel prices. */
const TIGHTER_BPS = 300;

type Variant = { readonly says: string; readonly state: ProtocolState; readonly lasting: Impact.Lasting };

const kernel = loadKernel();
if (existsSync(Real.DATA)) await main();
else process.stderr.write(`not covered: ${Real.DATA} is absent\n`);

async function main(): Promise<void> {
  const bars = await Real.bars();
  const panel = Real.before(bars, AS_OF);
  const state = Real.book(panel, AS_OF);
  const model = await Real.law(panel);
  const week = Real.after(bars, ...WEEK);
  const replay = (parameters: ParametersByAsset, { state: book, lasting }: Variant, impact: Replay.ReplayImpact = 'added') =>
    Replay.replay(kernel, book, week, parameters, { model, borrowers: 'responsive', impact, assumed: { lasting } }).result;

  const base: Variant = { says: 'as assumed', state, lasting: Impact.LASTING };
  const lines = [
    '# What depth and its recovery do to results',
    '',
    'Made by `npx tsx evidence/impact.ts`: the real book of 2025-12-01 at the prices of 2022-05-08, the law fitted on the bars before, the week',
    `of LUNA as it came, ${PATHS} paths of ${HORIZON_STEPS} hours. Cells of the replay: bad debt / liquidated, million USD. "Tighter": haircuts ${TIGHTER_BPS / 100} points larger on`,
    'every asset that the panel prices. Equations: `kernel/assembly/impact.ts`.',
    '',
    '## The week, by size of the change and depth',
    '',
    'Rows: share of the change that is made. "Contained": the recorded prices are taken to hold the sales already, so sales move nothing.',
    '',
    '| share of the change | contained | depth × 1/3 | × 1 | × 3 | × 10 |',
    '|---|---|---|---|---|---|',
    ...[0, 0.25, 0.5, 0.75, 1, 1.5, 2].map((share) => {
      const parameters = tighter(state, share);
      const cells = [1 / 3, 1, 3, 10].map((factor) => pair(replay(parameters, { ...base, state: deeper(state, factor) })));
      return `| ${share} | ${[pair(replay(parameters, base, 'contained')), ...cells].join(' | ')} |`;
    }),
    '',
    '## Assumptions, from a third to three times',
    '',
    `ES: mean of the worst 1 % of paths under today's parameters, million USD, with its standard error. A change of an exponent keeps the cost of`,
    `selling ${100 * PIVOT} % of a day's volume.`,
    '',
    '| assumption | week, today’s parameters | week, tighter | ES 99 % | mean liquidated |',
    '|---|---|---|---|---|',
    ...variants(base).map((variant) => {
      const { expectedShortfallUsd, expectedShortfallStandardErrorUsd, meanLiquidatedUsd } = tail(variant, model);
      const weeks = [0, 1].map((share) => pair(replay(tighter(state, share), variant)));
      return `| ${variant.says} | ${weeks.join(' | ')} | ${million(expectedShortfallUsd)} ± ${million(expectedShortfallStandardErrorUsd)} | ${million(meanLiquidatedUsd)} |`;
    }),
    '',
    '## Does the order of accounts decide?',
    '',
    ...orders(base, replay),
    '',
  ];
  writeFileSync(OUT, lines.join('\n'));
}

function variants(base: Variant): Variant[] {
  const { state, lasting } = base;
  const scaled = (says: string, change: (factor: number) => Partial<Variant>): Variant[] =>
    [1 / 3, 3].map((factor) => ({ ...base, ...change(factor), says: `${says} × ${factor === 3 ? '3' : '1/3'}` }));
  return [
    base,
    ...scaled('depth of venues and market', (factor) => ({ state: deeper(state, factor) })),
    ...scaled('venue: refill half-life (5 minutes)', (factor) => ({
      state: depths(state, (depth) => ({ ...depth, halfLifeSeconds: depth.halfLifeSeconds * factor })),
    })),
    ...scaled('venue: exponent (0.974, at most 1)', (factor) => ({
      state: depths(state, (depth) => {
        const impactDelta = Math.min(1, depth.impactDelta * factor);
        return { ...depth, impactDelta, impactY: depth.impactY * PIVOT ** (depth.impactDelta - impactDelta) };
      }),
    })),
    ...scaled('market: level (1)', (factor) => ({ lasting: { ...lasting, y: lasting.y * factor } })),
    ...scaled('market: half-life (4 hours)', (factor) => ({ lasting: { ...lasting, halfLifeSeconds: lasting.halfLifeSeconds * factor } })),
    ...scaled('market: exponent (0.5, at most 1)', (factor) => {
      const delta = Math.min(1, lasting.delta * factor);
      return { lasting: { ...lasting, delta, y: lasting.y * PIVOT ** (lasting.delta - delta) } };
    }),
    { ...base, says: 'market: none, sales move nothing', lasting: Impact.CONTAINED },
  ];
}

function tail({ state, lasting }: Variant, model: MarketModel) {
  const scenarios = plan(model, { seed: 1, paths: PATHS, steps: HORIZON_STEPS });
  const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive', assumed: { lasting } });
  const part = Stress.stressRange(kernel, prepared, parametersOf(state), { from: 0, to: PATHS });
  return Stress.assemble(prepared, parametersOf(state), [part], [], { level: LEVEL, budgetUsd: 0 }).summary;
}

function orders(base: Variant, replay: (parameters: ParametersByAsset, variant: Variant) => NamedResult): string[] {
  const thin = { ...base, state: deeper(base.state, 1 / 3) };
  return [0, 1].map((share) => {
    const results = Array.from({ length: ORDERS }, (_, order) => {
      const key = new Map(thin.state.lending.map(({ account }, index) => [account, kernel.uniform(order, 99, index, 0, 0)]));
      const lending = [...thin.state.lending].sort((a, b) => key.get(a.account)! - key.get(b.account)!);
      return replay(tighter(base.state, share), { ...thin, state: { ...thin.state, lending } });
    });
    const range = (read: (result: NamedResult) => number) => {
      const values = results.map(read);
      return `${million(Math.min(...values))} to ${million(Math.max(...values))}`;
    };
    const name = share === 0 ? 'Today’s parameters' : 'Tighter';
    return `- ${name}, depth × 1/3, ${ORDERS} shuffles of the accounts: bad debt ${range(({ badDebtUsd }) => badDebtUsd)}, liquidated ${range(({ liquidatedUsd }) => liquidatedUsd)} million.`;
  });
}

function tighter(state: ProtocolState, share: number): ParametersByAsset {
  const priced = new Set(state.assets.filter(({ panelAsset }) => panelAsset !== null).map(({ asset }) => asset));
  return Object.fromEntries(
    Object.entries(parametersOf(state)).map(([asset, old]) => [
      asset,
      priced.has(asset) && old.haircutBps < 10_000 ? { ...old, haircutBps: old.haircutBps + Math.round(share * TIGHTER_BPS) } : old,
    ]),
  );
}

function depths(state: ProtocolState, change: (depth: Depth) => Depth): ProtocolState {
  return { ...state, assets: state.assets.map((asset) => ({ ...asset, depth: change(asset.depth) })) };
}

function deeper(state: ProtocolState, factor: number): ProtocolState {
  return depths(state, (depth) => ({ ...depth, dailyVolumeUsd: depth.dailyVolumeUsd * factor }));
}

function pair({ badDebtUsd, liquidatedUsd }: NamedResult): string {
  return `${million(badDebtUsd)} / ${(liquidatedUsd / 1e6).toFixed(0)}`;
}

function million(usd: number): string {
  return (usd / 1e6).toFixed(2);
}
