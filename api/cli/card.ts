/** `plimsoll card`: how the law of a bundle fits the bars it was made from. */
import type { Command } from 'commander';
import { PlimsollError, quote } from '../../base/errors.ts';
import type { AssetCard, ModelCard } from '../../models/card.ts';
import { print, printJson, table } from './terminal.ts';

type Flags = { readonly asset?: string; readonly json?: boolean };

/** Of a histogram, by eighths. */
const BLOCKS = ' ▁▂▃▄▅▆▇█';

export function add(program: Command): void {
  program
    .command('card <bundle>')
    .description("The model card of a bundle's law: estimates with errors, diagnostics, forecasts against outcomes")
    .option('--asset <name>', 'this one in full')
    .option('--json', 'the card as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll card out/2026-01-01-0123456789ab\n  $ plimsoll card out/2026-01-01-0123456789ab --asset ETH\n',
    )
    .action(action);
}

async function action(bundle: string, flags: Flags): Promise<void> {
  const { part } = await import('../bundle.ts');
  const { card } = await import('../../models/card.ts');
  const [model, panel] = await Promise.all([part(bundle, 'model'), part(bundle, 'panel')]);
  const made = card(model, panel);
  const one = flags.asset === undefined ? null : (made.assets.find(({ asset }) => asset === flags.asset) ?? null);
  if (flags.asset !== undefined && one === null) {
    throw new NoSuchAssetError({
      got: quote(flags.asset),
      needed: `one of ${made.assets.map(({ asset }) => asset).join(', ')}`,
      where: '--asset',
      fix: 'These are modelled in this bundle.',
    });
  }
  if (flags.json) printJson(one ?? made);
  else print(one === null ? overview(made) : inFull(one));
}

function overview({ assets, asOf, simulated }: ModelCard): string {
  const rows = assets.map((card) => [
    ...[card.asset, String(card.observations), card.persistence.toFixed(4), card.halfLifeSteps?.toFixed(0) ?? 'never'],
    ...[card.residuals.p, card.squares.p, card.transforms.evenP].map(shown),
    ...[`${card.forecasts.below} · ${card.forecasts.above} of ${(card.forecasts.level * card.forecasts.bars).toFixed(1)}`],
    [...(card.converged ? [] : ['NOT converged']), ...card.atBound.map((name) => `${name} on its bound`)].join(', '),
  ]);
  const heading = ['asset', 'returns', 'persistence', 'half life', 'Ljung-Box p', 'squares p', 'even p', 'beyond 1 · 99 %', ''];
  return `${simulated ? ' SIMULATED market. ' : ' '}As of ${asOf.slice(0, 16)}. Half lives in steps; p below 0.01 casts doubt.\n\n${table(heading, rows)}`;
}

function inFull(card: AssetCard): string {
  const estimates = card.estimates.map(({ name, value, standardError }) => [
    name,
    value.toPrecision(6),
    standardError?.toPrecision(3) ?? (card.atBound.includes(name) ? 'on its bound' : 'not known'),
  ]);
  const most = Math.max(...card.transforms.counts);
  const bars = card.transforms.counts.map((count) => BLOCKS[Math.round((8 * count) / most)]).join('');
  const every = Math.max(1, Math.floor(card.qq.seen.length / 10));
  const qq = card.qq.seen.flatMap((seen, i) => (i % every === 0 ? [[card.qq.expected[i]!.toFixed(2), seen.toFixed(2)]] : []));
  const { below, above, belowP, aboveP, bars: steps, level } = card.forecasts;
  return [
    table([card.asset, 'estimate', 'standard error'], estimates),
    `\n log-likelihood ${card.logLikelihood.toFixed(2)}, ${card.converged ? 'converged' : 'NOT converged'}${card.atBound.map((name) => `, ${name} on its bound`).join('')}\n`,
    ` Ljung-Box p, ${card.residuals.lags} lags: residuals ${shown(card.residuals.p)}, squares ${shown(card.squares.p)}\n`,
    ` transforms by Student-t errors [${bars}] even p ${shown(card.transforms.evenP)}\n`,
    ` newest ${steps} steps: ${below} below the 1 % quantile (p ${shown(belowP)}), ${above} above the 99 % (p ${shown(aboveP)}), ${(level * steps).toFixed(1)} expected\n\n`,
    table(['residual expected, σ', 'seen'], qq),
  ].join('');
}

function shown(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

export class NoSuchAssetError extends PlimsollError {
  override readonly name = 'Card.NoSuchAssetError';
}
