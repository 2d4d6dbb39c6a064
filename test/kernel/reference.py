"""Writes reference.json: exp, log and the normal quantile at the exact doubles the test passes in, 50 digits, mpmath 1.3.0.

python3 test/kernel/reference.py > test/kernel/reference.json
"""
import json
import random
from mpmath import mp, mpf, exp, log, erfinv, erfc, sqrt, findroot, npdf

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


tails = [2.0**-53, 1e-300, 1e-100, 1e-20, 1e-12, 1e-9, 1e-6, 0.001, 0.02425, 0.075, 0.5, 0.925, 0.975, 0.999, 1 - 1e-9, 1 - 2.0**-53]
print(json.dumps({
    'exp': rows(exp, [0.0, 1.0, -1.0, 1e-10, 700.0, -700.0, 0.5, 88.7] + [random.uniform(-20, 20) for _ in range(60)]),
    'log': rows(log, [1.0, 2.0, 0.5, 1e-300, 1e300, 1.0000000001, 0.9999999999] + [random.uniform(0, 50) for _ in range(60)]),
    'normalQuantile': rows(quantile, tails + [random.random() for _ in range(100)]),
}, indent=0))
