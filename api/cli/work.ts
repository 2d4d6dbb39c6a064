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
    .option('--paths', 'only ranges of paths, of any run that shares this REDIS_URL: no database is needed')
    .addHelpText(
      'after',
      '\nExamples:\n  $ DATABASE_URL=postgres://plimsoll@db/plimsoll plimsoll work\n  $ REDIS_URL=redis://queue:6379 plimsoll work --paths\n',
    )
    .action(async (flags: { readonly paths?: boolean }) => end(await (flags.paths ? lendPaths() : action())));
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

async function lendPaths(): Promise<number> {
  const config = Config.read(process.env);
  if (config.redisUrl === null) {
    throw new NoSharedStoreError({
      got: 'no REDIS_URL',
      needed: 'a Redis that the runs share',
      where: 'environment',
      fix: 'Name it in REDIS_URL, here and where the runs are.',
    });
  }
  const log = makeLog(config.logLevel);
  const { lend } = await import('../ranges.ts');
  const { hire } = await import('../workers.ts');
  const lender = await lend(config.redisUrl, config.workers, (inputs) => hire(inputs, config.workers));
  log.info({ threads: config.workers }, 'working on paths');
  const { default: closeWithGrace } = await import('close-with-grace');
  return new Promise((resolve) => {
    closeWithGrace({ delay: DRAIN_MS, logger: false }, async ({ err }) => {
      if (err !== undefined) log.fatal({ err }, 'stopping');
      await lender.close();
      resolve(err === undefined ? 0 : 1);
    });
  });
}

export class NoSharedStoreError extends PlimsollError {
  override readonly name = 'Work.NoSharedStoreError';
}
