/** References of models that switch: Hamilton 1989 and its kin, MSGARCH on the SMI. */
import * as Msar from '../../models/msar.ts';
import * as MsGarch from '../../models/msgarch.ts';
import * as Case from './case.ts';

const SEED = 1;

export function cases(): Case.Case[] {
  const growth = Case.column('hamilton_rgnp.csv', 'rgnp_growth');
  const weekly = Case.numbers('areturns_sp500_weekly_abs.csv');
  const hamilton = { states: 2, form: 'mean', switchingAr: false, switchingVariance: false } as const;
  const switching = { ...hamilton, switchingAr: true };
  return [
    autoregression('US GNP', growth, 'MS-AR(4), means switch', { ...hamilton, lags: 4 }, -181.26339, {
      reference: 'published, EViews (Hamilton 1989)',
      stay: [0.754673, 1 - 0.095915],
      mean: [-0.358811, 1.163516],
      ar: [0.013486, -0.057521, -0.246983, -0.212923, 0.013486, -0.057521, -0.246983, -0.212923],
      variance: [0.5913684624037407, 0.5913684624037407],
    }),
    autoregression('US GNP', growth, 'MS-AR(1), means and φ switch', { ...switching, lags: 1 }, -186.7575, {
      reference: 'published, EViews',
      stay: [1 - 0.53662099, 0.85472458],
      mean: [-0.479157, 1.041419],
      ar: [0.713029, 0.243128],
      variance: [0.629513487495312, 0.629513487495312],
    }),
    autoregression('US GNP', growth, 'MS-AR(2), means and φ switch', { ...switching, lags: 2 }, -179.32354, {
      reference: 'published, Stata; statsmodels reaches -179.38684',
      stay: [0.3812383, 1 - 0.3564492],
      mean: [-0.0055216, 1.195482],
      ar: [0.3710719, 0.7002937, 0.4621503, -0.3206652],
      variance: [0.44583637701604, 0.44583637701604],
    }),
    autoregression(
      'S&P 500 weekly',
      weekly,
      'switching regression on one lag',
      { states: 2, lags: 1, form: 'intercept', switchingAr: true, switchingVariance: true },
      -745.7977,
      {
        reference: 'published, Stata',
        stay: [0.7530865, 1 - 0.6825357],
        mean: [0.7641424, 1.972771],
        ar: [0.0790744, 0.527953],
        variance: [0.34760363307264, 2.5770940408889995],
      },
    ),
    msgarch(Case.numbers('smi_msgarch.csv')),
  ];
}

type Printed = Readonly<Record<'stay' | 'mean' | 'ar' | 'variance', readonly number[]>> & { readonly reference: string };

function autoregression(
  series: string,
  values: readonly number[],
  model: string,
  spec: Msar.Spec,
  logLikelihood: number,
  { reference, stay, mean, ar, variance }: Printed,
): Case.Case {
  const [p = 0, q = 0] = stay;
  const parameters: Msar.Parameters = {
    transition: Float64Array.of(p, 1 - p, 1 - q, q),
    mean: Float64Array.from(mean),
    ar: Float64Array.from(ar),
    variance: Float64Array.from(variance),
  };
  return {
    series,
    model,
    reference,
    parameters: autoregressionNames(parameters),
    logLikelihood,
    oursThere: () => Msar.logLikelihood(values, parameters, spec),
    fit: () => {
      const fit = Msar.fit(values, spec, { seed: SEED });
      return { parameters: autoregressionNames(fit.parameters), logLikelihood: fit.logLikelihood, converged: fit.converged };
    },
    note: 'printed to 5 decimals or fewer',
  };
}

function msgarch(returns: readonly number[]): Case.Case {
  const spec: MsGarch.Spec = { states: 2, mean: 'zero', asymmetric: false, errors: 'normal', presample: 'unconditional' };
  const parameters: MsGarch.Parameters = {
    mu: 0,
    transition: Float64Array.of(0.97834808674, 1 - 0.97834808674, 0.998703301894, 1 - 0.998703301894),
    omega: Float64Array.of(0.021631876185, 0.020659831566),
    alpha: Float64Array.of(0.087024443479, 0.005396009353),
    gamma: new Float64Array(2),
    beta: Float64Array.of(0.881493722371, 0.994040728662),
    nu: null,
  };
  const names = (p: MsGarch.Parameters) =>
    byState({ omega: p.omega, alpha: p.alpha, beta: p.beta, 'to 1 from': Float64Array.of(p.transition[0]!, p.transition[2]!) });
  return {
    series: 'SMI',
    model: 'MS-GARCH-normal, 2 regimes',
    reference: 'published, MSGARCH testthat',
    parameters: names(parameters),
    // AIC 6794.592486182792 with 8 parameters.
    logLikelihood: (16 - 6794.592486182792) / 2,
    oursThere: () => MsGarch.logLikelihood(returns, parameters, spec),
    fit: () => {
      const fit = MsGarch.fit(returns, spec, { seed: SEED });
      return { parameters: names(fit.parameters), logLikelihood: fit.logLikelihood, converged: fit.converged };
    },
    note: 'its start: the unconditional variance, and the first return has no likelihood; a higher optimum where a crisis always ends after one bar',
  };
}

function autoregressionNames({ transition, mean, ar, variance }: Msar.Parameters): Readonly<Record<string, number>> {
  return byState({ stay: Float64Array.of(transition[0]!, transition[3]!), mean, ar, variance });
}

function byState(values: Readonly<Record<string, Float64Array>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, list]) => Array.from(list, (value, k) => [`${name} ${k + 1}`, value])));
}
