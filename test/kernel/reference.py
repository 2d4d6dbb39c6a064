"""Writes reference.json: exp, log, the normal quantile, Mills' ratio and Black's options at the exact doubles the test passes in, 50 digits, mpmath 1.3.0.

python3 test/kernel/reference.py > test/kernel/reference.json
"""
import json
import random
from mpmath import mp, mpf, exp, log, erfinv, erfc, pi, sqrt, findroot, diff

mp.dps = 50
random.seed(20261122)


def quantile(p):
    p = mpf(p)
    if p < mpf('1e-12'):
        # Newton on the upper tail: erfinv(2p - 1) has lost its digits there.
        x = -sqrt(-2 * log(p))
        return findroot(lambda t: log(erfc(-t / sqrt(mpf(2))) / 2) - log(p), x)
    return sqrt(mpf(2)) * erfinv(2 * p - 1)


def rows(f, points):
    return [[x, float(f(mpf(x)))] for x in points]


def ratio(x):
    return sqrt(pi / 2) * exp(x * x / 2) * erfc(x / sqrt(mpf(2)))


def price(F, K, T, v, r, s):
    d1 = log(F / K) / (v * sqrt(T)) + v * sqrt(T) / 2
    d2 = d1 - v * sqrt(T)
    below = lambda x: erfc(-x / sqrt(mpf(2))) / 2
    return s * exp(-r * T) * (F * below(s * d1) - K * below(s * d2))


def option(values):
    """Price and greeks by differentiating the price at 50 digits: shares no formula for a greek with anybody."""
    F, K, T, v, r, s = map(mpf, values)
    greeks = [
        price(F, K, T, v, r, s),
        diff(lambda x: price(x, K, T, v, r, s), F),
        diff(lambda x: price(x, K, T, v, r, s), F, 2),
        diff(lambda x: price(F, K, T, x, r, s), v),
        -diff(lambda x: price(F, K, x, v, r, s), T),
        diff(lambda x: price(F, K, T, v, x, s), r),
    ]
    return [values, [float(x) for x in greeks]]


def drawn():
    forward = 10 ** random.uniform(-3, 5)
    years = 10 ** random.uniform(-3, 0.7)
    volatility = random.uniform(0.05, 2)
    strike = forward * 2.718281828 ** (volatility * years ** 0.5 * random.uniform(-4, 4))
    return [forward, strike, years, volatility, random.uniform(-0.02, 0.1), random.choice([1.0, -1.0])]


tails = [2.0**-53, 1e-300, 1e-100, 1e-20, 1e-12, 1e-9, 1e-6, 0.001, 0.02425, 0.075, 0.5, 0.925, 0.975, 0.999, 1 - 1e-9, 1 - 2.0**-53]
print(json.dumps({
    'exp': rows(exp, [0.0, 1.0, -1.0, 1e-10, 700.0, -700.0, 0.5, 88.7] + [random.uniform(-20, 20) for _ in range(60)]),
    'log': rows(log, [1.0, 2.0, 0.5, 1e-300, 1e300, 1.0000000001, 0.9999999999] + [random.uniform(0, 50) for _ in range(60)]),
    'normalQuantile': rows(quantile, tails + [random.random() for _ in range(100)]),
    'mills': rows(ratio, [0.0, 1e-8, 0.999999, 1.0, 5.0, 37.0] + [random.uniform(0, 40) for _ in range(100)]),
    'options': [option(values) for values in [[100.0, 100.0, 1.0, 0.2, 0.0, 1.0], [100.0, 100.0, 1.0, 0.2, 0.0, -1.0]] + [drawn() for _ in range(80)]],
}, indent=0))
