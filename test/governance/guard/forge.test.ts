import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findAnvil } from '../../../governance/anvil.ts';

/** Of one test, as `forge test --json` tells it. */
type Result = { readonly status: 'Success' | 'Failure' | 'Skipped'; readonly reason: string | null };
type Suites = Readonly<Record<string, { readonly test_results: Readonly<Record<string, Result>> }>>;

/** Fewer than this and forge looked at the wrong folder: a green result would mean nothing. */
const FEWEST_TESTS = 110;

const root = fileURLToPath(new URL('../../../', import.meta.url));

function forge(args: readonly string[]): Promise<{ readonly out: string; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(findAnvil(process.platform, process.arch, 'forge'), args, { cwd: root });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', () => resolve({ out, errors }));
  });
}

it('passes every Solidity test, fuzzed and stateful ones included', { timeout: 240_000 }, async () => {
  const { out, errors } = await forge(['test', '--json']);
  const line = out.split('\n').find((text) => text.startsWith('{'));
  expect(line, errors.slice(-2_000)).toBeDefined();
  const results = Object.entries(JSON.parse(line!) as Suites).flatMap(([suite, { test_results }]) =>
    Object.entries(test_results).map(([name, { status, reason }]) => ({ test: `${suite} ${name}`, status, reason })),
  );
  expect(results.filter(({ status }) => status !== 'Success')).toEqual([]);
  expect(results.length).toBeGreaterThanOrEqual(FEWEST_TESTS);
});
