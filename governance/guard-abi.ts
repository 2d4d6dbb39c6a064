/** Signatures of the guard and of a market's adapter; a test keeps them equal to the artifacts. */
import { parseAbi, parseAbiParameters } from 'viem';

const VALUES =
  'struct Values { uint16 ltvBps; uint16 thresholdBps; uint16 bonusBps; uint32 multiplierPpm; uint64 supplyCapTokens; uint64 borrowCapTokens; }';

const POLICY = [
  VALUES,
  'struct Budget { uint32 windowSeconds; uint64 up; uint64 down; }',
  'struct FieldLimit { uint64 min; uint64 max; uint64 below; uint64 above; uint64 stepUp; uint64 stepDown; uint32 cooldownSeconds; Budget[3] budgets; }',
  'struct Policy { bytes32 source; address feed; uint32 heartbeatSeconds; uint16 maxPriceDeviationBps; uint32 maxEvidenceAgeSeconds; uint32 delaySeconds; uint32 vetoCooldownSeconds; uint32 affirmSeconds; uint32 rampIntervalSeconds; uint16 rampStepBps; uint32 rampStepPpm; uint16 minGapBps; uint16 bufferBps; uint32 maxNewlyLiquidatable; Values baseline; FieldLimit[6] fields; }',
] as const;

export const ABI = parseAbi([
  ...POLICY,
  'struct Update { bytes32 asset; Values from; Values to; uint128 price; bytes32 evidenceRoot; uint64 evidenceTime; uint64 deadline; uint64 nonce; uint64 epoch; bytes32 policyHash; uint32 maxNewlyLiquidatable; }',
  'struct Attestation { address signer; bytes signature; }',
  'struct Pending { bytes32 id; uint64 executeAt; uint64 lastSecond; uint64 epoch; }',
  'struct Ramp { bool running; bool decay; uint16 thresholdBps; uint32 multiplierPpm; uint64 nextAt; bytes32 evidenceRoot; Values last; }',
  'function submit(Update update, Attestation[] attestations) returns (uint8 lane)',
  'function execute(Update update)',
  'function advance(bytes32 asset)',
  'function decay(bytes32 asset)',
  'function judge(Update update) view returns (uint8 lane)',
  'function digestOf(Update update) view returns (bytes32)',
  'function epoch() view returns (uint64)',
  'function quorum() view returns (uint256)',
  'function attestors() view returns (address[])',
  'function isAttestor(address signer) view returns (bool)',
  'function guardian() view returns (address)',
  'function owner() view returns (address)',
  'function paused() view returns (bool)',
  'function MARKET() view returns (address)',
  'function SEQUENCER() view returns (address)',
  'function SEQUENCER_GRACE_SECONDS() view returns (uint256)',
  'function stateOf(bytes32 asset) view returns (uint64 nonce, uint64 leaseUntil, uint64 vetoedUntil, uint64 affirmedAt, bytes32 policyHash, Pending pending, Ramp ramp, Values granted)',
  'function movedOf(bytes32 asset, uint8 field, bool up, uint256 windowSeconds) view returns (uint256 moved, uint256 last)',
  'function pause()',
  'function unpause()',
  'function veto(bytes32 asset)',
  'function setGuardian(address guardian)',
  'function setAttestors(address[] signers, uint256 quorum)',
  'function renewLease(bytes32 asset, uint64 leaseUntil)',
  'function setPolicy(bytes32 asset, Policy policy, uint64 leaseUntil)',
  'function policyOf(bytes32 asset) view returns (Policy)',
  'function policyHashOf(Policy policy) pure returns (bytes32)',
  'event Applied(bytes32 indexed asset, bytes32 indexed id, bytes32 indexed evidenceRoot, uint8 lane, Values from, Values to)',
]);

export const MARKET_ABI = parseAbi([
  VALUES,
  'function guard() view returns (address)',
  'function read(bytes32 asset) view returns (Values)',
  'function price(bytes32 asset) view returns (uint256)',
]);

export const POLICY_PARAMETERS = parseAbiParameters(['Policy policy', ...POLICY]);
