/** `npm run build`: everything that `npm start` would build, and nothing else. */
import { main } from './setup.mjs';

await main(() => 0);
