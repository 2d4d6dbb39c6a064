/** `npm test`: set up, then vitest. Further arguments go to vitest: `npm test -- test/kernel`. */
import { main, run } from './setup.mjs';

/** Tests start servers, chains and browsers of their own: more workers than this make them wait for each other. */
const MOST_WORKERS = 2;

await main((args) => {
  const workers = args.some((argument) => argument.startsWith('--maxWorkers')) ? [] : [`--maxWorkers=${MOST_WORKERS}`];
  return run('node_modules/vitest/vitest.mjs', ['run', ...workers, ...args]);
});
