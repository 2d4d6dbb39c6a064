/**
 * Normal quantile and chi-square draws from the streams. exp and log are AssemblyScript's NativeMath (musl, FreeBSD):
 * compiled into the module, so the same bits on every machine, unlike a host's Math.exp.
 */
import { normalOf } from './normal';
import { block, even, odd, MIXING } from './stream';

/** Wichura (1988), Algorithm AS 241, PPND16: relative error about 1e-16 on (0, 1). */
export function normalQuantile(p: f64): f64 {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q *
        (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r +
          1.3731693765509461125e4) *
          r +
          1.9715909503065514427e3) *
          r +
          1.3314166789178437745e2) *
          r +
          3.387132872796366608)) /
      (((((((5.226495278852854561e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r +
        5.3941960214247511077e3) *
        r +
        6.8718700749205790830e2) *
        r +
        4.2313330701600911252e1) *
        r +
        1.0)
    );
  }
  let r = Math.sqrt(-NativeMath.log(q < 0 ? p : 1.0 - p));
  let x: f64;
  if (r <= 5.0) {
    r -= 1.6;
    x =
      (((((((7.7454501427834140764e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r + 1.27045825245236838258) * r +
        3.64784832476320460504) *
        r +
        5.7694972214606914055) *
        r +
        4.6303378461565452959) *
        r +
        1.42343711074968357734) /
      (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r +
        6.8976733498510000455e-1) *
        r +
        1.6763848301838038494) *
        r +
        2.05319162663775882187) *
        r +
        1.0);
  } else {
    r -= 5.0;
    x =
      (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) *
        r +
        2.96560571828504891230e-1) *
        r +
        1.7848265399172913358) *
        r +
        5.4637849111641143699) *
        r +
        6.6579046435011037772) /
      (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r +
        1.48753612908506148525e-2) *
        r +
        1.36929880922735805310e-1) *
        r +
        5.9983220655588793769e-1) *
        r +
        1.0);
  }
  return q < 0 ? -x : x;
}

/**
 * Chi-square with nu > 2 degrees for (path, step): 2·Gamma(nu/2) by Marsaglia and Tsang (2000). The counter's third word is
 * the attempt: its even uniform makes the normal, its odd one the acceptance. About 1.05 attempts a draw.
 */
export function chiSquare(seedLow: u32, seedHigh: u32, path: u32, step: u32, nu: f64): f64 {
  block(seedLow, seedHigh, MIXING, path, step, 0);
  return chiSquareOf(even, odd, seedLow, seedHigh, path, step, nu);
}

/** The same where the first attempt's uniforms have been drawn. */
export function chiSquareOf(first: f64, second: f64, seedLow: u32, seedHigh: u32, path: u32, step: u32, nu: f64): f64 {
  const d = nu * 0.5 - 1.0 / 3.0;
  const c = 1.0 / Math.sqrt(9.0 * d);
  let attempt: u32 = 0;
  while (true) {
    const x = normalOf(first);
    const root = 1.0 + c * x;
    if (root > 0) {
      const v = root * root * root;
      const x2 = x * x;
      // Inside their squeeze the second test holds without its logarithms.
      if (second < 1.0 - 0.0331 * x2 * x2) return 2.0 * d * v;
      if (NativeMath.log(second) < 0.5 * x2 + d - d * v + d * NativeMath.log(v)) return 2.0 * d * v;
    }
    attempt += 1;
    block(seedLow, seedHigh, MIXING, path, step, attempt);
    first = even;
    second = odd;
  }
}
