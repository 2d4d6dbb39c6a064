/**
 * Mutation: does a test see it when one check of the guard is gone? A mutant is compiled in this process, its artifacts are
 * written beside the committed ones, and forge runs its tests against that folder: the tests themselves are compiled once.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findAnvil } from '../../governance/anvil.ts';
import { ARTIFACTS, compile, ownSources } from '../../scripts/contracts.ts';
import { apply, type Mutant, mutantsOf } from './mutants.ts';

export type Verdict = { readonly kind: 'killed' | 'survived' | 'stillborn' | 'timeout'; readonly by: string };

/** Mutants that are the same program, each with the reason; a change of the line makes it a mutant like any other. */
export type Equivalent = {
  readonly file: string;
  readonly line: string;
  readonly was: string;
  readonly becomes: string;
  readonly why: string;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What a source is part of; `compile` is asked for these only. */
const PART_OF: Readonly<Record<string, readonly string[]>> = {
  'RiskParameterRegistry.sol': ['RiskParameterRegistry.sol'],
  'guard/AaveV3Market.sol': ['guard/AaveV3Market.sol'],
  'guard/RegistryMarket.sol': ['guard/RegistryMarket.sol'],
  'guard/Policies.sol': ['guard/Policies.sol'],
  'guard/Limits.sol': ['guard/Limits.sol', 'guard/RiskGuard.sol', 'guard/Policies.sol'],
  'guard/History.sol': ['guard/Limits.sol', 'guard/RiskGuard.sol', 'guard/Policies.sol'],
  'guard/Update.sol': ['guard/Limits.sol', 'guard/RiskGuard.sol', 'guard/Policies.sol'],
};
const GUARD = ['guard/RiskGuard.sol'];
/** Most die of a quick test; the slow ones are asked only about those that did not. */
const STAGES = [
  ['--no-match-path', '*/{Invariants,Grind}.t.sol'],
  ['--match-path', '*/{Invariants,Grind}.t.sol'],
] as const;
const TIMEOUT_MS = 120_000;

export function allMutants(): readonly Mutant[] {
  return Object.entries(ownSources())
    .filter(([file]) => file.startsWith('guard/') || file === 'RiskParameterRegistry.sol')
    .flatMap(([file, text]) => mutantsOf(file, text));
}

export function isEquivalent(mutant: Mutant, known: readonly Equivalent[]): Equivalent | undefined {
  const line = lineOf(ownSources()[mutant.file]!, mutant.line);
  return known.find((one) => one.file === mutant.file && one.line === line && one.was === mutant.was && one.becomes === mutant.becomes);
}

export function lineOf(text: string, line: number): string {
  return text.split('\n')[line - 1]!.trim();
}

/** `folder` is overwritten; it must lie where foundry.toml lets tests read. */
export async function judge(mutant: Mutant, folder: string): Promise<Verdict> {
  const sources = ownSources();
  const changed = { ...sources, [mutant.file]: apply(sources[mutant.file]!, mutant) };
  mkdirSync(folder, { recursive: true });
  cpSync(ARTIFACTS, folder, { recursive: true });
  try {
    for (const artifact of compile(changed, PART_OF[mutant.file] ?? GUARD, 'draft')) {
      writeFileSync(path.join(folder, `${artifact.contract}.json`), JSON.stringify(artifact));
    }
  } catch (error) {
    return { kind: 'stillborn', by: firstLine(error) };
  }
  for (const stage of STAGES) {
    const verdict = await tested(folder, stage);
    if (verdict !== null) return verdict;
  }
  return { kind: 'survived', by: '' };
}

function tested(folder: string, stage: readonly string[]): Promise<Verdict | null> {
  return new Promise((resolve, reject) => {
    const forge = spawn(findAnvil(process.platform, process.arch, 'forge'), ['test', '--fail-fast', '--json', ...stage], {
      cwd: root,
      env: {
        ...process.env,
        GUARD_ARTIFACTS: path.relative(root, folder),
        // Whoever wants to know the sequence runs forge on the folder by hand.
        FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT: '0',
        FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: folder,
        FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: folder,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    forge.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    const timer = setTimeout(() => forge.kill('SIGKILL'), TIMEOUT_MS);
    forge.once('error', reject);
    forge.once('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve({ kind: 'timeout', by: `${TIMEOUT_MS / 1000} s` });
      else if (code === 0) resolve(null);
      else resolve({ kind: 'killed', by: firstFailure(out) });
    });
  });
}

function firstFailure(out: string): string {
  const line = out.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`forge said nothing that can be read: ${out.slice(0, 200)}`);
  const suites = JSON.parse(line) as Readonly<
    Record<string, { readonly test_results: Readonly<Record<string, { readonly status: string }>> }>
  >;
  for (const [suite, { test_results }] of Object.entries(suites)) {
    for (const [test, { status }] of Object.entries(test_results)) {
      if (status === 'Failure') return `${suite.split(':').at(-1)} ${test.replace('()', '')}`;
    }
  }
  throw new Error('forge ended with an error but without a failing test');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
