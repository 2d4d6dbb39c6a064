/**
 * Shrinkage of a sample correlation towards the identity (Ledoit and Wolf 2004): with many series and few bars the sample's own is
 * too far spread, and its inverse is worse.
 *
 *   C(δ) = (1 − δ) C + δ I,   δ = min(1, (1/n²) Σ_t ‖z_t z_tᵀ − C‖² / ‖C − I‖²)      Frobenius norms
 *
 * Assumption: rows are independent; z has unit variance. What was not observed is left out of its pair.
 */
export function shrunk(
  columns: readonly Float64Array[],
  sample: Float64Array,
): { readonly matrix: Float64Array; readonly shrinkage: number } {
  const size = columns.length;
  let noise = 0;
  let signal = 0;
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const entry = sample[i * size + j]!;
      const [a, b] = [columns[i]!, columns[j]!];
      let sum = 0;
      let count = 0;
      for (let t = 0; t < a.length; t += 1) {
        const distance = a[t]! * b[t]! - entry;
        if (Number.isNaN(distance)) continue;
        sum += distance * distance;
        count += 1;
      }
      if (count > 0) noise += sum / (count * count);
      signal += entry * entry;
    }
  }
  const shrinkage = signal > 0 ? Math.min(1, noise / signal) : 1;
  return { matrix: sample.map((entry, place) => (place % (size + 1) === 0 ? 1 : (1 - shrinkage) * entry)), shrinkage };
}
