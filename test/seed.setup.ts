/** Chooses the seed of all properties once a run and prints it, so that any failure can be repeated. */

/** The seed of an ordinary run: the same cases for everybody, so that a red run is the change's fault. */
const ORDINARY_SEED = 20_261_122;

export function setup(): void {
  const asked = process.env['FAST_CHECK_SEED'];
  const seed = asked === undefined ? ORDINARY_SEED : asked === 'random' ? Date.now() % 2_147_483_647 : Number(asked);
  if (!Number.isSafeInteger(seed)) throw new Error(`Got FAST_CHECK_SEED=${asked}; needed an integer or 'random'.`);
  process.env['FAST_CHECK_SEED'] = String(seed);
  process.stdout.write(`properties  seed ${seed}\n`);
}
