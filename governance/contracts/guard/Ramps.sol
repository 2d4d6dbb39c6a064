// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {AssetState, Controls, Pending, Ramp} from "./Controls.sol";
import {History} from "./History.sol";
import {IMarket} from "./IMarket.sol";
import {Limits} from "./Limits.sol";
import {Liveness} from "./Liveness.sol";
import {Policy} from "./Policy.sol";
import {FIELDS, Field, Updates, Values} from "./Update.sol";

/// @title Moves that take time: ramps of what hurts open positions, and the decay of looseness that nobody re-affirms.
/// @notice A ramp is announced one interval before its first step, and no step is larger than the policy says, however late
/// anyone comes to make it: nothing is made up for. Anyone may make a step that is due.
abstract contract Ramps is Controls {
    using History for History.Moves;

    IMarket public immutable MARKET;

    event RampStarted(bytes32 indexed asset, bool decay, uint16 thresholdBps, uint32 multiplierPpm, uint64 nextAt);
    event Stepped(bytes32 indexed asset, bytes32 indexed evidenceRoot, Values from, Values to);
    /// @param completed False: somebody else moved the market meanwhile, and the guard keeps its hands off.
    event RampEnded(bytes32 indexed asset, bool completed);
    event Decayed(bytes32 indexed asset, bytes32 indexed evidenceRoot, Values from, Values to);

    error NoRamp(bytes32 asset);
    error RampRunning(bytes32 asset);
    error TooEarly(uint256 readyAt);
    error UpdatePending(bytes32 id);
    error LeaseExpired(uint256 leaseUntil);
    error StillAffirmed(uint256 until);
    error NothingToDecay(bytes32 asset);
    error PostCondition(Values held);

    /// @notice The next step of a ramp.
    function advance(bytes32 asset) external {
        AssetState storage state = _states[asset];
        Ramp storage ramp = state.ramp;
        if (!ramp.running) revert NoRamp(asset);
        if (block.timestamp < ramp.nextAt) revert TooEarly(ramp.nextAt);
        if (!ramp.decay) _checkInForce(state);
        _checkNothingWaits(state);
        Liveness.checkSequencer(SEQUENCER, SEQUENCER_GRACE_SECONDS);
        Values memory from = MARKET.read(asset);
        if (!Updates.same(from, ramp.last)) {
            delete state.ramp;
            emit RampEnded(asset, false);
            return;
        }
        bytes32 root = ramp.evidenceRoot;
        Values memory to = _step(_policies[asset], ramp, from);
        _write(asset, state, from, to, root);
        emit Stepped(asset, root, from, to);
        if (to.thresholdBps == ramp.thresholdBps && to.multiplierPpm == ramp.multiplierPpm) {
            delete state.ramp;
            emit RampEnded(asset, true);
        } else {
            ramp.last = to;
            ramp.nextAt = uint64(block.timestamp + _policies[asset].rampIntervalSeconds);
        }
    }

    /// @notice The dead man's switch: what attestors made looser than the baseline, and did not re-affirm in time, goes back.
    /// What hurts nobody goes at once; the threshold and the multiplier ramp.
    function decay(bytes32 asset) external {
        AssetState storage state = _states[asset];
        Policy storage policy = _policies[asset];
        uint256 until = state.affirmedAt + policy.affirmSeconds;
        if (block.timestamp <= until) revert StillAffirmed(until);
        if (state.ramp.decay) revert RampRunning(asset);
        _checkNothingWaits(state);
        Values memory from = MARKET.read(asset);
        Values memory safe = _safe(state, policy, from);
        if (Updates.same(from, safe)) revert NothingToDecay(asset);
        bytes32 root = state.affirmedRoot;
        Values memory to = _start(asset, state, from, safe, true, root);
        if (state.ramp.running) state.ramp.last = to;
        _write(asset, state, from, to, root);
        emit Decayed(asset, root, from, to);
    }

    /// @notice What stands now, what is under way, and what is left of it.
    function stateOf(bytes32 asset)
        external
        view
        returns (
            uint64 nonce,
            uint64 leaseUntil,
            uint64 vetoedUntil,
            uint64 affirmedAt,
            bytes32 policyHash,
            Pending memory pending,
            Ramp memory ramp,
            Values memory granted
        )
    {
        AssetState storage state = _states[asset];
        return (
            state.nonce,
            state.leaseUntil,
            state.vetoedUntil,
            state.affirmedAt,
            state.policyHash,
            state.pending,
            state.ramp,
            state.granted
        );
    }

    /// @notice Sum of the moves of a field in one direction in the last `windowSeconds`, and when the last one was.
    function movedOf(bytes32 asset, Field field, bool up, uint256 windowSeconds)
        external
        view
        returns (uint256 moved, uint256 last)
    {
        History.Moves storage moves = _states[asset].moves[Limits.indexOf(field, up)];
        return (moves.since(windowSeconds), moves.last());
    }

    /// @dev Signed moves need limits in force and a guard that is not paused.
    function _checkInForce(AssetState storage state) internal view {
        if (paused) revert IsPaused();
        if (block.timestamp > state.leaseUntil) revert LeaseExpired(state.leaseUntil);
    }

    function _checkNothingWaits(AssetState storage state) internal view {
        Pending storage pending = state.pending;
        // Nothing pending has a last second of 0.
        if (pending.epoch == epoch && block.timestamp <= pending.lastSecond) revert UpdatePending(pending.id);
    }

    /// @return first What is written now: all of `to` but what ramps, and for that a ramp is started.
    function _start(
        bytes32 asset,
        AssetState storage state,
        Values memory from,
        Values memory to,
        bool isDecay,
        bytes32 root
    ) internal returns (Values memory first) {
        first = Values(
            to.ltvBps, to.thresholdBps, to.bonusBps, to.multiplierPpm, to.supplyCapTokens, to.borrowCapTokens
        );
        if (Limits.ramps(Field.Threshold, from.thresholdBps, to.thresholdBps)) first.thresholdBps = from.thresholdBps;
        if (Limits.ramps(Field.Multiplier, from.multiplierPpm, to.multiplierPpm)) {
            first.multiplierPpm = from.multiplierPpm;
        }
        if (Updates.same(first, to)) return first;
        uint64 nextAt = uint64(block.timestamp + _policies[asset].rampIntervalSeconds);
        state.ramp = Ramp(true, isDecay, to.thresholdBps, to.multiplierPpm, nextAt, root, first);
        emit RampStarted(asset, isDecay, to.thresholdBps, to.multiplierPpm, nextAt);
    }

    /// @dev Everything the guard ever writes goes through here: history, grants, the write, and the look at what came of it.
    function _write(bytes32 asset, AssetState storage state, Values memory from, Values memory to, bytes32 root) internal {
        if (Updates.same(from, to)) return;
        uint256[FIELDS] memory a = Updates.list(from);
        uint256[FIELDS] memory b = Updates.list(to);
        uint256[FIELDS] memory granted = Updates.list(state.granted);
        uint256[FIELDS] memory baseline = Updates.list(_policies[asset].baseline);
        for (uint256 i = 0; i < FIELDS; i++) {
            if (a[i] == b[i]) continue;
            bool up = b[i] > a[i];
            state.moves[Limits.indexOf(Field(i), up)].record(up ? b[i] - a[i] : a[i] - b[i]);
            // Granted is what attestors loosened, and what is left of it after they tightened.
            bool ours = Limits.looser(Field(i), b[i], a[i]) || granted[i] == a[i];
            granted[i] = ours && Limits.looser(Field(i), b[i], baseline[i]) ? b[i] : 0;
        }
        state.granted = Updates.pack(granted);
        MARKET.write(asset, from, to, root);
        Values memory held = MARKET.read(asset);
        if (!Updates.same(held, to)) revert PostCondition(held);
    }

    function _step(Policy storage policy, Ramp storage ramp, Values memory from) private view returns (Values memory to) {
        to = Values(
            from.ltvBps, from.thresholdBps, from.bonusBps, from.multiplierPpm, from.supplyCapTokens, from.borrowCapTokens
        );
        to.thresholdBps -= uint16(Math.min(from.thresholdBps - ramp.thresholdBps, policy.rampStepBps));
        to.multiplierPpm += uint32(Math.min(ramp.multiplierPpm - from.multiplierPpm, policy.rampStepPpm));
    }

    /// The market's values with everything granted, and still standing as it was granted, back at the baseline.
    function _safe(AssetState storage state, Policy storage policy, Values memory held)
        private
        view
        returns (Values memory)
    {
        uint256[FIELDS] memory numbers = Updates.list(held);
        uint256[FIELDS] memory granted = Updates.list(state.granted);
        uint256[FIELDS] memory baseline = Updates.list(policy.baseline);
        for (uint256 i = 0; i < FIELDS; i++) {
            if (granted[i] != 0 && granted[i] == numbers[i] && Limits.looser(Field(i), numbers[i], baseline[i])) {
                numbers[i] = baseline[i];
            }
        }
        return Updates.pack(numbers);
    }
}
