/** What `plimsoll fit` answers for models that switch between states: Hamilton's autoregression and Markov-switching GARCH. */

export type SwitchingFlags = {
  readonly model: 'msar' | 'msgarch';
  readonly distribution: 'normal' | 't';
  readonly mean: 'constant' | 'zero';
  readonly states: number;
  readonly lags: number;
  readonly seed: number;
};

type Numbers = readonly (number | null)[];

export type SwitchingAnswer = {
  readonly observations: number;
  /** By state; a matrix row by row from the state left to the state entered. */
  readonly parameters: Readonly<Record<string, number | Numbers | readonly Numbers[]>>;
  /** In the same shape; null for a parameter on its bound. */
  readonly standardErrors: Readonly<Record<string, number | null | Numbers | readonly Numbers[]>>;
  readonly logLikelihood: number;
  readonly aic: number;
  readonly bic: number;
  readonly durations: Numbers;
  /** P(state | what was seen up to the bar), a row a bar. */
  readonly filtered: readonly Numbers[];
  readonly atBound: readonly string[];
  readonly converged: boolean;
  readonly evaluations: number;
  readonly starts: { readonly refined: number; readonly agreed: number };
  readonly warnings: readonly string[];
};

export async function fitSwitching(values: readonly number[], flags: SwitchingFlags): Promise<SwitchingAnswer> {
  return flags.model === 'msar' ? await hamilton(values, flags) : await haas(values, flags);
}

/** A row a parameter and state, for people. */
export function rows({ parameters, standardErrors }: SwitchingAnswer): string[][] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    const cells = [value].flat(2);
    const errors = [standardErrors[name] ?? null].flat(2);
    return cells.map((cell, i) => [
      cells.length === 1 ? name : `${name} ${i + 1}`,
      cell?.toPrecision(8) ?? '',
      errors[i]?.toPrecision(4) ?? (Object.keys(standardErrors).length === 0 ? '' : 'at bound'),
    ]);
  });
}

async function hamilton(values: readonly number[], { states, lags, seed }: SwitchingFlags): Promise<SwitchingAnswer> {
  const Msar = await import('../../models/msar.ts');
  const fit = Msar.fit(values, { states, lags, form: 'mean', switchingAr: false, switchingVariance: false }, { seed });
  const shaped = (p: typeof fit.parameters) => ({
    mu: numbers(p.mean),
    phi: numbers(p.ar.subarray(0, lags)),
    sigma2: finite(p.variance[0]!),
    transition: matrix(p.transition, states),
  });
  const parameters = shaped(fit.parameters) as SwitchingAnswer['parameters'];
  return {
    ...common(fit),
    parameters,
    standardErrors: fit.standardErrors === null ? {} : shaped(fit.standardErrors),
    filtered: matrix(fit.filtered, states),
  };
}

async function haas(values: readonly number[], { states, mean, distribution, seed }: SwitchingFlags): Promise<SwitchingAnswer> {
  const MsGarch = await import('../../models/msgarch.ts');
  const errors = distribution === 't' ? 'student' : 'normal';
  const spec = { states, mean, asymmetric: false, errors, presample: 'unconditional' } as const;
  const fit = MsGarch.fit(values, spec, { seed });
  const shaped = (p: typeof fit.parameters) => ({
    ...(mean === 'constant' ? { mu: finite(p.mu) } : {}),
    omega: numbers(p.omega),
    alpha: numbers(p.alpha),
    beta: numbers(p.beta),
    ...(p.nu === null ? {} : { nu: numbers(p.nu) }),
    transition: matrix(p.transition, states),
  });
  return {
    ...common(fit),
    parameters: shaped(fit.parameters) as SwitchingAnswer['parameters'],
    standardErrors: fit.standardErrors === null ? {} : shaped(fit.standardErrors),
    filtered: matrix(MsGarch.filter(values, fit.parameters, spec).probability, states),
  };
}

function common(
  fit: Omit<SwitchingAnswer, 'parameters' | 'standardErrors' | 'durations' | 'filtered'> & { readonly durations: Float64Array },
) {
  const { observations, logLikelihood, aic, bic, atBound, converged, evaluations, starts, warnings } = fit;
  return { observations, logLikelihood, aic, bic, durations: numbers(fit.durations), atBound, converged, evaluations, starts, warnings };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function numbers(values: Float64Array): Numbers {
  return Array.from(values, finite);
}

function matrix(values: Float64Array, columns: number): readonly Numbers[] {
  return Array.from({ length: values.length / columns }, (_, row) => numbers(values.subarray(row * columns, (row + 1) * columns)));
}
