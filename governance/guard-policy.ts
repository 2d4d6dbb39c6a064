/** The guard's policy of one asset, encoded, hashed and read back. Its hash stands on chain and in every update. */
import { type Client, encodeAbiParameters, encodeFunctionData, keccak256 } from 'viem';
import { readContract } from 'viem/actions';
import { byField, FIELDS, fromAbi, type GuardField, valuesToAbi } from './guard.ts';
import { ABI, POLICY_PARAMETERS } from './guard-abi.ts';
import { type Limits, type Past, type PastWay, type Way, windowsOf } from './guard-limits.ts';
import type * as Words from './targets/words.ts';

export type GuardPolicy = Limits & {
  /** Id of the policy file. */
  readonly source: Words.Hex;
  readonly feed: Words.Address;
  readonly heartbeatSeconds: number;
  readonly maxPriceDeviationBps: number;
  readonly maxEvidenceAgeSeconds: number;
  readonly delaySeconds: number;
  readonly vetoCooldownSeconds: number;
  readonly affirmSeconds: number;
  readonly rampIntervalSeconds: number;
  readonly rampStepBps: number;
  readonly rampStepPpm: number;
};

/** As the guard computes it. */
export function hashOf(policy: GuardPolicy): Words.Hex {
  return keccak256(encodeAbiParameters(POLICY_PARAMETERS, [toAbi(policy)]));
}

export function setPolicyData(asset: Words.Hex, policy: GuardPolicy, leaseUntilSeconds: number): Words.Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'setPolicy', args: [asset, toAbi(policy), BigInt(leaseUntilSeconds)] });
}

export async function read(client: Client, guard: Words.Address, asset: Words.Hex): Promise<GuardPolicy> {
  const held = await readContract(client, { address: guard, abi: ABI, functionName: 'policyOf', args: [asset] });
  return {
    ...held,
    minGapBps: BigInt(held.minGapBps),
    bufferBps: BigInt(held.bufferBps),
    baseline: fromAbi(held.baseline),
    fields: byField((_, index) => {
      const { cooldownSeconds, budgets, ...limit } = held.fields[index]!;
      const set = budgets.filter(({ windowSeconds }) => windowSeconds > 0);
      return {
        ...limit,
        cooldownSeconds: BigInt(cooldownSeconds),
        budgets: set.map((budget) => ({ ...budget, windowSeconds: BigInt(budget.windowSeconds) })),
      };
    }),
  };
}

/** What moved before, of every window the limits ask about. */
export async function readPast(client: Client, guard: Words.Address, asset: Words.Hex, { fields }: Pick<Limits, 'fields'>): Promise<Past> {
  const wayOf = async (field: GuardField, way: Way): Promise<PastWay> => {
    const asked = windowsOf(fields[field]).map(async (windowSeconds) => {
      const args = [asset, FIELDS.indexOf(field), way === 'up', windowSeconds] as const;
      const [moved, last] = await readContract(client, { address: guard, abi: ABI, functionName: 'movedOf', args });
      return { windowSeconds, moved, last };
    });
    const sums = await Promise.all(asked);
    return { lastSeconds: sums[0]!.last, sums: sums.map(({ windowSeconds, moved }) => ({ windowSeconds, moved })) };
  };
  const pairs = FIELDS.map(async (field) => {
    const [up, down] = await Promise.all([wayOf(field, 'up'), wayOf(field, 'down')]);
    return [field, { up, down }] as const;
  });
  return Object.fromEntries(await Promise.all(pairs)) as Past;
}

export function toAbi(policy: GuardPolicy) {
  const { fields, baseline, minGapBps, bufferBps, ...rest } = policy;
  const six = FIELDS.map((field) => {
    const { budgets, cooldownSeconds, ...limit } = fields[field];
    const three = [0, 1, 2].map((index) => {
      const { windowSeconds, up, down } = budgets[index] ?? { windowSeconds: 0n, up: 0n, down: 0n };
      return { windowSeconds: Number(windowSeconds), up, down };
    });
    return { ...limit, cooldownSeconds: Number(cooldownSeconds), budgets: three as unknown as Three<(typeof three)[number]> };
  });
  return {
    ...rest,
    minGapBps: Number(minGapBps),
    bufferBps: Number(bufferBps),
    baseline: valuesToAbi(baseline),
    fields: six as unknown as Six<(typeof six)[number]>,
  };
}

type Three<T> = readonly [T, T, T];
type Six<T> = readonly [T, T, T, T, T, T];
