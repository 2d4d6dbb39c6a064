/** `npm run bench`: set up, then time the chain. Arguments go on: `npm run bench -- --update`. */
import { main, run } from './setup.mjs';

await main((args) => run('node_modules/tsx/dist/cli.mjs', ['bench/bench.ts', ...args]));
