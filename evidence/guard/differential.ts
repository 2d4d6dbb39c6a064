/**
 * The guard's limits twice: `governance/guard-limits.ts` and the committed `Limits` contract on a local node, the same random cases
 * put to both. Thousands of cases go into one call; nothing is mined.
 */
import { readFileSync } from 'node:fs';
import { createPublicClient, createWalletClient, type Hex, http, parseAbi, toFunctionSelector, zeroAddress, zeroHash } from 'viem';
import { type Anvil, startAnvil } from '../../governance/anvil.ts';
import * as Artifacts from '../../governance/contracts/artifacts.ts';
import { FIELDS, valuesToAbi } from '../../governance/guard.ts';
import * as GuardLimits from '../../governance/guard-limits.ts';
import { type GuardPolicy, toAbi } from '../../governance/guard-policy.ts';
import { receiptOf } from '../../governance/receipt.ts';
import { compile, ownSources } from '../../scripts/contracts.ts';
import { type Batch, batch, type Case } from './cases.ts';

export type Outcome = {
  readonly cases: number;
  /** How often each verdict came. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly disagreements: readonly { readonly case: Case; readonly offChain: string; readonly onChain: string }[];
};

const HARNESS = new URL('../../test/governance/solidity/LimitsHarness.sol', import.meta.url);
/** Room for a batch: it is only simulated. */
const GAS = 4_000_000_000n;

export async function run(options: { readonly seed: number; readonly batches: number; readonly size: number }): Promise<Outcome> {
  const verdicts: Record<string, number> = {};
  const disagreements: Outcome['disagreements'][number][] = [];
  const anvil = await startAnvil({ chainId: 31_337, genesisSeconds: 1_700_000_000 });
  try {
    const node = await open(anvil);
    for (let index = 0; index < options.batches; index += 1) {
      const one = batch(options.seed, index, options.size);
      const onChain = await node.judge(one);
      for (const [at, given] of one.cases.entries()) {
        const offChain = verdictOf(one, given);
        verdicts[offChain] = (verdicts[offChain] ?? 0) + 1;
        if (offChain !== onChain[at]) disagreements.push({ case: given, offChain, onChain: onChain[at]! });
      }
    }
  } finally {
    await anvil.stop();
  }
  return { cases: options.batches * options.size, verdicts, disagreements };
}

export function verdictOf({ limits, nowSeconds }: Batch, { from, to, newlyLiquidatable, moves }: Case): string {
  const past = GuardLimits.pastOf(moves, limits, nowSeconds);
  const ruling = GuardLimits.check(limits, past, { from, to, newlyLiquidatable, nowSeconds });
  return ruling.ok ? ruling.lane : ruling.error;
}

async function open(anvil: Anvil): Promise<{ readonly judge: (one: Batch) => Promise<readonly string[]> }> {
  const client = createPublicClient({ transport: http(anvil.url) });
  const wallet = createWalletClient({ transport: http(anvil.url) });
  const [account] = (await wallet.getAddresses()) as [Hex];
  const create = async (data: Hex): Promise<Hex> => {
    const hash = await wallet.sendTransaction({ account, chain: null, data, gas: 20_000_000n });
    return (await receiptOf(client, hash, { everyMs: 20, longestMs: 30_000 })).contractAddress!;
  };
  const own = Object.fromEntries(Object.entries(ownSources()).map(([name, text]) => [`contracts/${name}`, text]));
  const [harness] = compile({ ...own, 'LimitsHarness.sol': readFileSync(HARNESS, 'utf8') }, ['LimitsHarness.sol'], 'draft');
  const limits = await create(Artifacts.LIMITS.bytecode);
  const address = await create(Artifacts.link(harness as unknown as Artifacts.Linkable, { Limits: limits }).bytecode);
  await client.request({ method: 'evm_setBlockGasLimit', params: [`0x${GAS.toString(16)}`] } as never);
  await client.request({ method: 'anvil_mine', params: [] } as never);

  const judge = async (one: Batch): Promise<readonly string[]> => {
    const cases = one.cases.map(({ from, to, newlyLiquidatable, moves }) => ({
      from: valuesToAbi(from),
      to: valuesToAbi(to),
      newlyLiquidatable,
      moves: moves.map(({ field, way, atSeconds, size }) => ({
        history: 2 * FIELDS.indexOf(field) + (way === 'up' ? 0 : 1),
        time: atSeconds,
        size,
      })),
    }));
    const answers = await client.readContract({
      address,
      abi: HARNESS_ABI,
      functionName: 'judge',
      args: [toAbi({ ...EMPTY, ...one.limits }), cases],
      blockOverrides: { time: one.nowSeconds },
    });
    return answers.map((answer) => LANES[answer] ?? NAMES[answer] ?? answer);
  };
  return { judge };
}

const EMPTY: Omit<GuardPolicy, keyof GuardLimits.Limits> = {
  source: zeroHash,
  feed: zeroAddress,
  heartbeatSeconds: 0,
  maxPriceDeviationBps: 0,
  maxEvidenceAgeSeconds: 0,
  delaySeconds: 0,
  vetoCooldownSeconds: 0,
  affirmSeconds: 0,
  rampIntervalSeconds: 0,
  rampStepBps: 0,
  rampStepPpm: 0,
};
/** `view`, although it writes what nobody keeps. */
const HARNESS_ABI = parseAbi([
  'struct Values { uint16 ltvBps; uint16 thresholdBps; uint16 bonusBps; uint32 multiplierPpm; uint64 supplyCapTokens; uint64 borrowCapTokens; }',
  'struct Budget { uint32 windowSeconds; uint64 up; uint64 down; }',
  'struct FieldLimit { uint64 min; uint64 max; uint64 below; uint64 above; uint64 stepUp; uint64 stepDown; uint32 cooldownSeconds; Budget[3] budgets; }',
  'struct Policy { bytes32 source; address feed; uint32 heartbeatSeconds; uint16 maxPriceDeviationBps; uint32 maxEvidenceAgeSeconds; uint32 delaySeconds; uint32 vetoCooldownSeconds; uint32 affirmSeconds; uint32 rampIntervalSeconds; uint16 rampStepBps; uint32 rampStepPpm; uint16 minGapBps; uint16 bufferBps; uint32 maxNewlyLiquidatable; Values baseline; FieldLimit[6] fields; }',
  'struct Move { uint8 history; uint64 time; uint64 size; }',
  'struct Case { Values from; Values to; uint32 newlyLiquidatable; Move[] moves; }',
  'function judge(Policy policy, Case[] cases) view returns (bytes4[] answers)',
]);
const LANES: Readonly<Record<string, string>> = { '0x00000000': 'fast', '0x00000001': 'slow' };
/** A selector of each error of the contract; anything else that comes back is shown as it is. */
const NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Artifacts.LIMITS.abi.flatMap((item) =>
    item.type === 'error' ? [[toFunctionSelector(`${item.name}(${item.inputs.map(({ type }) => type).join()})`), item.name]] : [],
  ),
);
