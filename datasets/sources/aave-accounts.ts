/**
 * Aave accounts: who has ever borrowed from a pool, told by its `Borrow` events up to a block. Whoever still owes is for the reader
 * of balances to say; who never borrowed cannot owe.
 */
import { type Hex, parseAbi } from 'viem';
import { getLogs } from 'viem/actions';
import { quote } from '../../base/errors.ts';
import * as Chain from './chain.ts';

const PROVIDER = parseAbi(['function getPool() view returns (address)']);
const [BORROW] = parseAbi([
  'event Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode)',
]);

const BLOCKS_A_QUESTION = 10_000n;

/** Addresses in lower case, sorted. Nodes limit how much they answer: a span that is refused is asked in halves. */
export async function borrowers(
  at: Chain.At,
  provider: Hex,
  fromBlock: bigint,
  onProgress: (done: bigint, total: bigint) => void = () => {},
): Promise<readonly Hex[]> {
  const [pool] = await Chain.readSure<Hex>(at, [{ address: provider, abi: PROVIDER, functionName: 'getPool' }]);
  const found = new Set<Hex>();
  let span = BLOCKS_A_QUESTION;
  for (let from = fromBlock; from <= at.block; ) {
    const to = from + span - 1n < at.block ? from + span - 1n : at.block;
    try {
      const logs = await getLogs(at.client, { address: pool!, event: BORROW, fromBlock: from, toBlock: to, strict: true });
      for (const { args } of logs) found.add(args.onBehalfOf.toLowerCase() as Hex);
    } catch (cause) {
      if (span === 1n) {
        const got = quote(cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause));
        throw new Chain.NodeError({ got, needed: `events of block ${from}`, cause });
      }
      span = span > 8n ? span / 8n : 1n;
      continue;
    }
    from = to + 1n;
    span = span * 2n < BLOCKS_A_QUESTION ? span * 2n : BLOCKS_A_QUESTION;
    onProgress(from - fromBlock, at.block - fromBlock + 1n);
  }
  return [...found].sort();
}
