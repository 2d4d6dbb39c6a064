"""numpy on the same work: `gbm`, `gjr` (GJR-GARCH with multivariate t(6) shocks) or `options` (Black's price and five greeks, scipy's ndtr)."""
import sys
import time
import numpy as np

WORK, COUNT = sys.argv[1], int(sys.argv[2])
ASSETS, STEPS, NU = 8, 24, 6
rng = np.random.Generator(np.random.SFC64(1))
root = np.tril(np.full((ASSETS, ASSETS), 0.2))
np.fill_diagonal(root, 0.8)


def gbm(chunk=5_000):
    total = 0.0
    for _ in range(COUNT // chunk):
        shocks = (rng.standard_normal((chunk * STEPS, ASSETS)) @ root.T).reshape(chunk, STEPS, ASSETS) * 0.01 + 0.0001
        total += np.exp(np.cumsum(shocks, axis=1)).sum(axis=2).min(axis=1).sum()
    return total


def gjr(chunk=5_000):
    total = 0.0
    for _ in range(COUNT // chunk):
        h, level, least = np.full((chunk, ASSETS), 1.0), np.zeros((chunk, ASSETS)), np.full(chunk, 1e9)
        for _ in range(STEPS):
            z = rng.standard_normal((chunk, ASSETS)) @ root.T
            z *= np.sqrt(NU / rng.chisquare(NU, chunk))[:, None]
            e = np.sqrt(h) * z
            h = 0.02 + (0.05 + 0.05 * (e < 0)) * e * e + 0.9 * h
            level += 0.01 + e
            least = np.minimum(least, np.exp(level / 100).sum(axis=1))
        total += least.sum()
    return total


def options(chunk=10_000):
    from scipy.special import ndtr
    F = np.full(COUNT, 100.0)
    K, T, v, r = (a + b * rng.random(COUNT) for a, b in [(20, 200), (0.01, 2), (0.05, 1), (0, 0.05)])
    s = np.where(rng.random(COUNT) < 0.5, 1.0, -1.0)

    def value(F, K, T, v, r, s):
        rt = np.sqrt(T)
        sd = v * rt
        d1 = np.log(F / K) / sd + 0.5 * sd
        D, density = np.exp(-r * T), np.exp(-0.5 * d1 * d1) * 0.3989422804014327
        n1, n2 = ndtr(s * d1), ndtr(s * (d1 - sd))
        price, vega = s * D * (F * n1 - K * n2), F * D * density * rt
        return price, s * D * n1, D * density / (F * sd), vega, r * price - vega * v / (2 * T), -T * price

    def run():
        for i in range(0, COUNT, chunk):
            value(*(x[i:i + chunk] for x in (F, K, T, v, r, s)))
    return run


work = {'gbm': gbm, 'gjr': gjr, 'options': options}[WORK]
if WORK == 'options':
    work = work()
best = 1e9
for _ in range(5):
    began = time.perf_counter()
    work()
    best = min(best, time.perf_counter() - began)
print(f'RESULT {COUNT / best:.1f}')
