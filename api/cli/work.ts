/** `plimsoll work`: one more worker, on any machine that reaches the same Postgres (and Redis, where that is the queue). */
import type { Command } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import * as Config from '../config.ts';
import { log as makeLog } from '../log.ts';
import { DEFAULT_OPTIONS } from '../options.ts';

const DRAIN_MS = 8_000;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('work')
    .description('One more worker on the store and queue that DATABASE_URL (and REDIS_URL) name')
    .addHelpText('after', '\nExample:\n  $ DATABASE_URL=postgres://plimsoll@db/plimsoll plimsoll work\n')
    .action(async () => end(await action()));
}

async function action(): Promise<number> {
  const config = Config.read(process.env);
  if (config.databaseUrl === null) {
    throw new NoSharedStoreError({
      got: 'no DATABASE_URL',
      needed: 'a Postgres that several processes can share',
      where: 'environment',
      fix: 'The embedded store has one owner: `plimsoll serve` already works on it.',
    });
  }
  const log = makeLog(config.logLevel);
  const { start } = await import('../service.ts');
  const service = start({ config: { ...config, sampleRun: false }, log, work: true, sample: DEFAULT_OPTIONS });
  const { default: closeWithGrace } = await import('close-with-grace');
  await service.ready;
  return new Promise((resolve) => {
    closeWithGrace({ delay: DRAIN_MS, logger: false }, async ({ err }) => {
      if (err !== undefined) log.fatal({ err }, 'stopping');
      await service.close();
      resolve(err === undefined ? 0 : 1);
    });
  });
}

export class NoSharedStoreError extends PlimsollError {
  override readonly name = 'Work.NoSharedStoreError';
}
