/** `plimsoll doctor`: what is installed, reachable, configured, and what to do about what is not. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import * as Config from '../config.ts';
import { print, printJson, table } from './terminal.ts';

type Finding = { readonly subject: string; readonly state: 'ok' | 'absent' | 'failed'; readonly says: string };

const FAILED = 1;
const MIN_FREE_BYTES = 500 * 1024 * 1024;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('doctor')
    .description('What is installed, reachable and configured, and what to do about what is not')
    .option('--json', 'findings as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll doctor\n')
    .action(async (flags: { readonly json?: boolean }) => {
      const findings = await examine();
      if (flags.json) printJson(findings);
      else
        print(
          table(
            ['', 'what', ''],
            findings.map(({ state, subject, says }) => [state, subject, says]),
          ),
        );
      end(findings.some(({ state }) => state === 'failed') ? FAILED : 0);
    });
}

async function examine(): Promise<Finding[]> {
  const config = Config.read(process.env);
  return [
    { subject: 'Plimsoll', state: 'ok', says: Config.VERSION },
    { subject: 'Node', state: 'ok', says: process.versions.node },
    await attempt('kernel', async () => {
      const { loadKernel } = await import('../../kernel/kernel.ts');
      return loadKernel().digest;
    }),
    await attempt('local chain', async () => {
      const { findAnvil } = await import('../../governance/anvil.ts');
      return findAnvil();
    }),
    existsSync(join(Config.PACKAGE_ROOT, 'web', 'dist'))
      ? { subject: 'page', state: 'ok', says: 'built' }
      : { subject: 'page', state: 'absent', says: 'npm run build makes it; the API works without' },
    await space(config.dataDir),
    await storeOf(config),
    await queueOf(config),
  ];
}

async function space(dataDir: string): Promise<Finding> {
  const place = existsSync(dataDir) ? dataDir : '.';
  return attempt(`space for ${dataDir}`, async () => {
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    if (free < MIN_FREE_BYTES) throw new Error(`${Math.round(free / 2 ** 20)} MB free; store and bundles need some hundred MB`);
    return `${(free / 2 ** 30).toFixed(1)} GB free`;
  });
}

async function storeOf(config: Config.Config): Promise<Finding> {
  if (config.databaseUrl === null) return { subject: 'store', state: 'ok', says: `embedded, in ${config.dataDir}` };
  return attempt('Postgres', async () => {
    const { open } = await import('../store/store.ts');
    const store = await open(config);
    const { rows } = await store.pool.query('SHOW server_version');
    await store.close();
    return `answers, version ${(rows[0] as { server_version: string }).server_version}`;
  });
}

async function queueOf(config: Config.Config): Promise<Finding> {
  if (config.redisUrl === null) return { subject: 'queue', state: 'ok', says: 'in the store' };
  return attempt('Redis', async () => {
    const { pingRedis } = await import('../jobs.ts');
    await pingRedis(config.redisUrl!);
    return 'answers';
  });
}

async function attempt(subject: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { subject, state: 'ok', says: await work() };
  } catch (error) {
    return { subject, state: 'failed', says: error instanceof Error ? error.message : String(error) };
  }
}
