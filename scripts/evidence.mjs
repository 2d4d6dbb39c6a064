/**
 * `npm run evidence [-- NAME …]`: makes the tables of docs/evidence again, all of them or the named ones. Hours in all; each maker
 * says in its header how long it takes and what of ../shared it reads.
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { main, run } from './setup.mjs';

const makers = readdirSync('evidence', { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => basename(entry.name, '.ts'))
  .sort();

await main((wanted) => {
  const unknown = wanted.filter((name) => !makers.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`Got ${unknown.join(', ')}; needed names among ${makers.join(', ')}.\n`);
    return 2;
  }
  const failed = (wanted.length > 0 ? wanted : makers).filter((name) => {
    process.stderr.write(`evidence  ${name} …\n`);
    return run('node_modules/tsx/dist/cli.mjs', [join('evidence', `${name}.ts`)]) !== 0;
  });
  process.stderr.write(failed.length === 0 ? 'evidence  all made\n' : `evidence  failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
});
