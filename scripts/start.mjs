/** `npm start`: set up, then become `plimsoll serve`. The same process, so that signals reach the server itself. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, root } from './setup.mjs';

await main(async () => {
  const bin = join(root, 'dist', 'api', 'plimsoll.js');
  process.argv[1] = bin;
  await import(pathToFileURL(bin).href);
});
