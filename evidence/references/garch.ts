/** References of the GARCH family: FCP 1996, the arch package, rugarch, MSGARCH's single-regime fits. */
import * as Egarch from '../../models/egarch.ts';
import * as Garch from '../../models/garch.ts';
import * as Case from './case.ts';

type Printed = Readonly<Record<string, number>>;
type Options = {
  readonly mean?: 'zero';
  readonly presample: Garch.Spec['presample'];
  readonly reference: string;
  readonly note: string;
  readonly special?: true;
};

const RUGARCH = {
  presample: 'first',
  reference: 'computed, rugarch 1.5-1',
  note: 'its start: the first h is the mean squared residual',
} as const;
const ARCH = { presample: 'backcast', reference: 'arch package documentation', note: 'printed to 5 decimals' } as const;
const MSGARCH = {
  mean: 'zero',
  presample: 'stationary',
  reference: 'MSGARCH testthat',
  note: 'its start: the unconditional variance; no likelihood printed; it leaves the first return out of the likelihood, we do not: without it our score at its GARCH estimates is 0.03 in ω and β',
} as const;

export function cases(): Case.Case[] {
  const dem = Case.numbers('dem2gbp.csv');
  const prices = Case.column('sp500_arch.csv', 'adj_close');
  const sp500 = prices.slice(1).map((price, index) => 100 * (price / prices[index]! - 1));
  const smi = Case.numbers('smi_msgarch.csv');
  const [btc, eth, link] = Case.dailyReturns(['BTC', 'ETH', 'LINK', 'BNB']);
  return [
    garch('DEM/GBP', dem, 'GARCH-normal', { mu: -0.00619041, omega: 0.0107613, alpha: 0.153134, beta: 0.805974 }, -1106.607882, {
      presample: 'sample',
      reference: 'published, Fiorentini-Calzolari-Panattoni 1996',
      note: 'printed ω is cut, not rounded: 5 digits are its ceiling',
    }),
    garch(
      'DEM/GBP',
      dem,
      'GARCH-normal',
      { mu: -0.0061845437, omega: 0.010760234, alpha: 0.15340711, beta: 0.80587966 },
      -1106.586581,
      RUGARCH,
    ),
    garch('S&P 500', sp500, 'GARCH-normal', { mu: 0.05635, omega: 0.01751, alpha: 0.10215, beta: 0.88521 }, -6936.721, ARCH),
    garch('S&P 500', sp500, 'GJR-normal', { mu: 0.01749, omega: 0.01957, alpha: 0, gamma: 0.18307, beta: 0.89224 }, -6822.882, ARCH),
    garch('S&P 500', sp500, 'GARCH-t', { mu: 0.06612, omega: 0.00866, alpha: 0.0996, beta: 0.89993, nu: 6.60724 }, -6834.741, {
      ...ARCH,
      reference: 'computed, arch package',
    }),
    garch('SMI', smi, 'ARCH-normal', { omega: 0.8050457843506685, alpha: 0.31371193670568287, beta: 0 }, null, {
      ...MSGARCH,
      special: true,
    }),
    garch('SMI', smi, 'GARCH-normal', { omega: 0.08591261059236915, alpha: 0.12432509798221426, beta: 0.7964215896493659 }, null, MSGARCH),
    garch(
      'SMI',
      smi,
      'GJR-normal',
      { omega: 0.09674585416623173, alpha: 0.04200569708644398, gamma: 0.1746482680275455, beta: 0.7869448356203256 },
      null,
      MSGARCH,
    ),
    garch(
      'SMI',
      smi,
      'GJR-t',
      {
        omega: 0.042068160604000746,
        alpha: 0.041341103857468385,
        gamma: 0.12304113002607757,
        beta: 0.8620007960597376,
        nu: 8.40857145667991,
      },
      null,
      MSGARCH,
    ),
    garch('BTC', btc!, 'GARCH-normal', { mu: 0.217601, omega: 0.903663, alpha: 0.125347, beta: 0.822705 }, -4770.78321, RUGARCH),
    garch(
      'BTC',
      btc!,
      'GJR-normal',
      { mu: 0.142767, omega: 1.10158, alpha: 0.0665328, gamma: 0.138208, beta: 0.799115 },
      -4757.00103,
      RUGARCH,
    ),
    garch('BTC', btc!, 'GARCH-t', { mu: 0.0949996, omega: 0.191995, alpha: 0.0717035, beta: 0.927297, nu: 2.97153 }, -4505.81331, {
      ...RUGARCH,
      note: `${RUGARCH.note}; it stops persistence at 0.999, we at 0.9999`,
    }),
    egarch(
      'BTC',
      btc!,
      'EGARCH-t',
      { mu: 0.090291, omega: 0.0204691, alpha: 0.174347, gamma: 0.0269313, beta: 0.993792, nu: 2.54994 },
      -4491.50935,
    ),
    garch('ETH', eth!, 'GARCH-normal', { mu: 0.18256, omega: 0.520778, alpha: 0.108912, beta: 0.877106 }, -5137.29239, RUGARCH),
    egarch(
      'ETH',
      eth!,
      'EGARCH-normal',
      { mu: 0.17377, omega: 0.0901073, alpha: 0.182191, gamma: -0.00825196, beta: 0.974854 },
      -5128.56079,
    ),
    garch('LINK', link!, 'GARCH-normal', { mu: 0.175204, omega: 1.0394, alpha: 0.121214, beta: 0.863033 }, -5638.44948, RUGARCH),
  ];
}

function garch(
  series: string,
  returns: ArrayLike<number>,
  model: string,
  printed: Printed,
  logLikelihood: number | null,
  options: Options,
): Case.Case {
  const spec: Garch.Spec = {
    mean: options.mean ?? 'constant',
    asymmetric: printed['gamma'] !== undefined,
    errors: printed['nu'] === undefined ? 'normal' : 'student',
    presample: options.presample,
  };
  const at: Garch.Parameters = {
    mu: printed['mu'] ?? 0,
    omega: printed['omega']!,
    alpha: printed['alpha']!,
    gamma: printed['gamma'] ?? 0,
    beta: printed['beta']!,
    nu: printed['nu'] ?? null,
  };
  return {
    ...{ series, model, reference: options.reference, parameters: printed, logLikelihood, note: options.note },
    oursThere: () => Garch.logLikelihood(returns, at, spec),
    fit: options.special ? null : () => named(Garch.fit(returns, spec)),
  };
}

/** rugarch's α is the sign and its γ the size; here they stand by what they weigh. */
function egarch(series: string, returns: ArrayLike<number>, model: string, printed: Printed, logLikelihood: number): Case.Case {
  const spec: Egarch.Spec = { mean: 'constant', errors: printed['nu'] === undefined ? 'normal' : 'student', presample: 'first' };
  const at = { nu: null, ...printed, lambda: null } as unknown as Egarch.Parameters;
  return {
    ...{ series, model, reference: RUGARCH.reference, parameters: printed, logLikelihood, note: RUGARCH.note },
    oursThere: () => Egarch.logLikelihood(returns, at, spec),
    fit: () => named(Egarch.fit(returns, spec)),
  };
}

function named({ parameters, logLikelihood, converged }: Garch.GarchFit | Egarch.EgarchFit) {
  return { parameters: parameters as unknown as Printed, logLikelihood, converged };
}
