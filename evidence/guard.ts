/**
 * What stands behind the guard, in figures: `npm run evidence -- guard`, six minutes on two cores. Writes docs/evidence/guard.md.
 *
 * 1 the limits off chain against the contract, 500,000 random cases; 2 stateful invariants, every attestor's key in the attacker's hand; 3 gas of each act over
 * Aave's own contracts; 4 sizes and names of what is deployed. Mutants have their own page, for their own hours.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { encodeFunctionData, type Hex } from 'viem';
import { findAnvil } from '../governance/anvil.ts';
import { ABI } from '../governance/guard-abi.ts';
import { ARTIFACTS, ownSources } from '../scripts/contracts.ts';
import { DAY, guarded } from '../test/governance/guard/guarded.ts';
import { run } from './guard/differential.ts';

const OUT = 'docs/evidence/guard.md';
const SEED = 1;
const [BATCHES, SIZE] = [1_000, 500];
const [RUNS, DEPTH] = [32, 500];

const differential = await run({ seed: SEED, batches: BATCHES, size: SIZE });
process.stderr.write(`guard  ${differential.cases} cases, ${differential.disagreements.length} disagreements\n`);
const invariants = forge(['--match-path', '*/Invariants.t.sol'], {
  FOUNDRY_INVARIANT_RUNS: String(RUNS),
  FOUNDRY_INVARIANT_DEPTH: String(DEPTH),
});
process.stderr.write(`guard  ${invariants.length} invariants\n`);
const rest = forge(['--no-match-path', '*/Invariants.t.sol'], {});
process.stderr.write(`guard  ${rest.length} other Solidity tests\n`);
const gas = await measured();
writeFileSync(OUT, page());
process.stderr.write(`guard  ${OUT} written\n`);

type Test = {
  readonly name: string;
  readonly status: string;
  readonly kind: { readonly Invariant?: { readonly runs: number; readonly calls: number; readonly reverts: number } };
};

function forge(args: readonly string[], env: Readonly<Record<string, string>>): readonly Test[] {
  const binary = findAnvil(process.platform, process.arch, 'forge');
  const { stdout } = spawnSync(binary, ['test', '--json', ...args], { env: { ...process.env, ...env }, maxBuffer: 2 ** 30 });
  const line = stdout
    .toString()
    .split('\n')
    .find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error('forge said nothing that can be read');
  const suites = JSON.parse(line) as Record<string, { readonly test_results: Record<string, Omit<Test, 'name'>> }>;
  return Object.values(suites).flatMap(({ test_results }) => Object.entries(test_results).map(([name, test]) => ({ ...test, name })));
}

/** Each act once, on a guard over Aave v3's PoolConfigurator with a timelock as its owner. */
async function measured(): Promise<readonly (readonly [string, bigint])[]> {
  const stage = await guarded();
  try {
    const rows: (readonly [string, bigint])[] = Object.entries(stage.gas).map(([what, used]) => [`deploy ${what}`, used] as const);
    const act = async (what: string, from: Hex, data: Hex) => {
      rows.push([what, (await stage.transact(from, stage.guard, data)).gasUsed]);
    };
    const call = (functionName: 'pause' | 'advance') =>
      functionName === 'pause'
        ? encodeFunctionData({ abi: ABI, functionName })
        : encodeFunctionData({ abi: ABI, functionName, args: [stage.asset] });
    rows.push(['submit, fast lane: LTV down, applied at once', (await stage.submit(await stage.update({ ltvBps: 7_300n }))).gasUsed]);
    await stage.tick(30 * DAY);
    const up = await stage.update({ ltvBps: 7_350n });
    rows.push(['submit, slow lane: LTV up, waits', (await stage.submit(up)).gasUsed]);
    await stage.tick(DAY);
    rows.push(['execute, slow lane: applied and read back', (await stage.execute(up)).gasUsed]);
    const ramp = await stage.update({ thresholdBps: 7_950n });
    rows.push(['submit, a falling threshold', (await stage.submit(ramp)).gasUsed]);
    await stage.tick(DAY);
    rows.push(['execute, the ramp begins', (await stage.execute(ramp)).gasUsed]);
    await stage.tick(DAY);
    await act('advance, one step of the ramp', stage.relayer, call('advance'));
    await act('pause, by the guardian', stage.guardian, call('pause'));
    return rows;
  } finally {
    await stage.chain.stop();
  }
}

function page(): string {
  const { cases, verdicts, disagreements } = differential;
  const stateful = invariants.map(
    ({ name, status, kind }) => `| ${name} | ${kind.Invariant?.runs} | ${kind.Invariant?.calls.toLocaleString('en-US')} | ${status} |`,
  );
  const passed = rest.filter(({ status }) => status === 'Success').length;
  const artifacts = ['RiskGuard', 'Limits', 'Policies', 'AaveV3Market', 'RegistryMarket'].map((name) => {
    const { size, selectors, storage, sources } = JSON.parse(readFileSync(`${ARTIFACTS}/${name}.json`, 'utf8')) as {
      size: number;
      selectors: Record<string, string>;
      storage: readonly string[];
      sources: string;
    };
    return `| ${name} | ${size.toLocaleString('en-US')} | ${Object.keys(selectors).length} | ${storage.length} | ${sources.slice(7, 19)} |`;
  });
  const lines = Object.values(ownSources()).reduce((sum, text) => sum + text.split('\n').length, 0);
  return `# What stands behind the guard

Made by \`npm run evidence -- guard\`. The contract is the committed artifact, byte for byte what is deployed.

## Off chain and on chain say the same

${cases.toLocaleString('en-US')} random cases (seed ${SEED}; values drawn at the edges of steps, walls, budgets, cooldowns and windows, and one to each side), each put to
\`governance/guard-limits.ts\` and to the contract on a local node: **${disagreements.length} disagreements**.

| verdict | cases |
|---|---|
${Object.entries(verdicts)
  .sort(([, a], [, b]) => b - a)
  .map(([verdict, count]) => `| ${verdict} | ${count.toLocaleString('en-US')} |`)
  .join('\n')}

## No sequence of calls breaks a rule

Stateful fuzzing with every attestor's key in the attacker's hand; the largest allowed step in one direction as soon as it is allowed, edges and one beyond, decay,
ramps, vetoes, pauses, time. A sequence in which nothing was applied fails the run. The second one is the issue's: ten points of LTV are wanted inside 30 days, and no sequence got more than the budget's 1.5.

| invariant | sequences | calls | |
|---|---|---|---|
${stateful.join('\n')}

${passed} of ${rest.length} other Solidity tests pass, fuzzed ones and a year of grinding in either direction among them.

## Gas

Over Aave v3's own PoolConfigurator, two of three attestors, owner a timelock, first use of each slot included.

| act | gas |
|---|---|
${gas.map(([what, used]) => `| ${what} | ${used.toLocaleString('en-US')} |`).join('\n')}

## What is deployed

${lines.toLocaleString('en-US')} lines of Solidity. Names, selectors and storage slots stand in \`governance/contracts/artifacts\`; \`test/governance/contracts.test.ts\` compiles the sources again and compares, so a changed slot or selector shows in review.

| contract | bytes of code | entry points | storage variables | hash of sources |
|---|---|---|---|---|
${artifacts.join('\n')}
`;
}
