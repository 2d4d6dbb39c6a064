"""The best of `repeats` runs of `work()` after one that does not count, and `values()` of what it returned: see peer.ts."""
import time


def report(name, repeats, work, values):
    found, best = work(), float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - began)
    print(f"RESULT\t{name}\t{1000 * best:.6f}\t{' '.join(f'{value:.12g}' for value in values(found))}")
