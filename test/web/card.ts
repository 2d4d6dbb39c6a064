/** A model card of invented figures, in the exact shape: two assets, one of them in doubt. */
import { digest, seal } from '../../base/id.ts';
import { ModelCard } from '../../models/card.ts';
import { AS_OF } from './drafts.ts';

const BARS = 120;

export function card(): ModelCard {
  const body = {
    kind: 'model-card' as const,
    from: { model: digest('model'), panel: digest('panel') },
    asOf: AS_OF,
    stepSeconds: 3600,
    simulated: true,
    assets: [asset('BTC', 0.4), asset('ETH', 0.0001)],
  };
  return ModelCard.parse(seal(body));
}

function asset(name: string, squaresP: number): ModelCard['assets'][number] {
  const wave = (scale: number) => Array.from({ length: BARS }, (_, t) => scale * (1 + 0.3 * Math.sin(t / 9)));
  const expected = Array.from({ length: 41 }, (_, i) => (i - 20) / 6);
  return {
    asset: name,
    observations: 17_519,
    logLikelihood: -2323.7,
    converged: true,
    atBound: name === 'ETH' ? ['beta'] : [],
    estimates: [
      { name: 'mu', value: -0.0004, standardError: 0.0016 },
      { name: 'omega', value: 0.00206, standardError: 0.0002 },
      { name: 'alpha', value: 0.1166, standardError: 0.0084 },
      { name: 'gamma', value: 0.0151, standardError: 0.0105 },
      { name: 'beta', value: 0.8757, standardError: null },
      { name: 'nu', value: 3.53, standardError: 0.097 },
    ],
    persistence: 0.993,
    halfLifeSteps: 99,
    residuals: { lags: 20, p: 0.3 },
    squares: { lags: 20, p: squaresP },
    transforms: { counts: Array.from({ length: 20 }, (_, i) => 866 + i), evenP: 0.99 },
    qq: { expected, seen: expected.map((value) => 1.02 * value) },
    forecasts: {
      at: Array.from({ length: BARS }, (_, t) => new Date(Date.parse(AS_OF) - (BARS - t) * 3_600_000).toISOString()),
      returnPct: wave(0.8).map((value, t) => (t % 2 === 0 ? value : -value) * (t === 60 ? 4 : 1)),
      lowPct: wave(-2.2),
      highPct: wave(2.1),
      level: 0.01,
      ...{ bars: BARS, below: 0, above: 1, belowP: 0.12, aboveP: 0.86 },
    },
  };
}
