/** Events of the contracts that proposals reach, in words; those of no known contract by their first topic. */
import { decodeEventLog, type Log, parseAbi } from 'viem';

export type Event = { readonly contract: string; readonly name: string; readonly arguments: Readonly<Record<string, string>> };

/** Both forms of a Safe's events: indexed from 1.4.0, not indexed before. */
const ABIS = [
  parseAbi([
    'event CollateralConfigurationChanged(address indexed asset, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus)',
    'event SupplyCapChanged(address indexed asset, uint256 oldSupplyCap, uint256 newSupplyCap)',
    'event BorrowCapChanged(address indexed asset, uint256 oldBorrowCap, uint256 newBorrowCap)',
    'event ReserveFrozen(address indexed asset, bool frozen)',
    'event ReservePaused(address indexed asset, bool paused)',
    'event ReserveFactorChanged(address indexed asset, uint256 oldReserveFactor, uint256 newReserveFactor)',
    'event ExecutionSuccess(bytes32 indexed txHash, uint256 payment)',
    'event ExecutionFailure(bytes32 indexed txHash, uint256 payment)',
    'event ApproveHash(bytes32 indexed approvedHash, address indexed owner)',
    'event EnabledModule(address indexed module)',
    'event AddedOwner(address indexed owner)',
    'event RemovedOwner(address indexed owner)',
    'event ChangedThreshold(uint256 threshold)',
    'event ChangedGuard(address indexed guard)',
    'event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)',
    'event CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data)',
  ]),
  parseAbi([
    'event ExecutionSuccess(bytes32 txHash, uint256 payment)',
    'event ExecutionFailure(bytes32 txHash, uint256 payment)',
    'event EnabledModule(address module)',
    'event AddedOwner(address owner)',
    'event RemovedOwner(address owner)',
    'event ChangedGuard(address guard)',
  ]),
];

export function read({ address, topics, data }: Pick<Log, 'address' | 'topics' | 'data'>): Event {
  const contract = address.toLowerCase();
  for (const abi of ABIS) {
    try {
      const { eventName, args } = decodeEventLog({ abi, topics, data });
      const rows = Object.entries(args as Readonly<Record<string, unknown>>).map(([name, value]) => [name, String(value)] as const);
      return { contract, name: eventName, arguments: Object.fromEntries(rows) };
    } catch {
      // Another contract's event, or the other form of this one.
    }
  }
  return { contract, name: topics[0] ?? 'anonymous', arguments: {} };
}
