// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Attestation} from "./Attestors.sol";
import {AssetState, Controls, Pending} from "./Controls.sol";
import {IMarket} from "./IMarket.sol";
import {Limits} from "./Limits.sol";
import {Liveness} from "./Liveness.sol";
import {Policy} from "./Policy.sol";
import {Ramps} from "./Ramps.sol";
import {Lane, Update, Updates, Values} from "./Update.sol";

/// @title The one narrow right to change risk parameters of a market, inside limits that governance leases to it.
/// @notice Anyone may relay: the right comes from the attestors' signatures. Fast updates, which hurt nobody existing, apply
/// at once; slow ones wait where everybody sees them and the guardian may veto them. All rules hold twice, when an update is
/// submitted and when it is executed. Nothing is clamped: an update applies as signed or reverts.
contract RiskGuard is Ramps {
    struct Setup {
        IMarket market;
        address timelock;
        address guardian;
        address[] attestors;
        uint256 quorum;
        /// Chainlink's uptime feed of an L2; 0 elsewhere.
        address sequencer;
        uint256 sequencerGraceSeconds;
    }

    event Submitted(bytes32 indexed asset, bytes32 indexed id, bytes32 indexed evidenceRoot, Update update, uint64 executeAt);
    event Applied(bytes32 indexed asset, bytes32 indexed id, bytes32 indexed evidenceRoot, Lane lane, Values from, Values to);

    error NotBound(address guard);
    error BadNonce(uint64 got, uint64 next);
    error PolicyChanged(bytes32 signed, bytes32 now_);
    error EpochChanged(uint64 signed, uint64 now_);
    error StateMoved(Values held);
    error CoolingAfterVeto(uint256 until);
    error NotPending(bytes32 id);
    error WaitOutlastsEvidence(uint256 executeAt, uint256 lastSecond);

    constructor(Setup memory setup)
        Controls(
            setup.timelock,
            setup.guardian,
            setup.attestors,
            setup.quorum,
            setup.sequencer,
            setup.sequencerGraceSeconds
        )
    {
        if (setup.market.guard() != address(this)) revert NotBound(setup.market.guard());
        MARKET = setup.market;
    }

    /// @notice Applies a fast update, or lets a slow one begin its wait.
    function submit(Update calldata update, Attestation[] calldata attestations) external returns (Lane lane) {
        AssetState storage state = _states[update.asset];
        if (update.nonce != state.nonce) revert BadNonce(update.nonce, state.nonce);
        bytes32 id = digestOf(update);
        _checkAttestations(id, attestations);
        lane = _judge(state, update);
        state.nonce++;
        if (lane == Lane.Fast) {
            // What waits was signed for another state, and for a nonce that is spent.
            delete state.pending;
            _apply(state, update, id, lane);
        } else {
            _checkNothingWaits(state);
            if (block.timestamp < state.vetoedUntil) revert CoolingAfterVeto(state.vetoedUntil);
            _wait(state, update, id);
        }
    }

    /// @notice Applies a slow update after its wait.
    function execute(Update calldata update) external {
        AssetState storage state = _states[update.asset];
        bytes32 id = digestOf(update);
        if (state.pending.id != id) revert NotPending(id);
        if (block.timestamp < state.pending.executeAt) revert TooEarly(state.pending.executeAt);
        Lane lane = _judge(state, update);
        delete state.pending;
        _apply(state, update, id, lane);
    }

    /// @notice The lane of an update, signed or not; reverts with the rule it breaks.
    function judge(Update calldata update) external view returns (Lane) {
        return _judge(_states[update.asset], update);
    }

    /// Every rule but those of signatures and of waiting.
    function _judge(AssetState storage state, Update calldata update) private view returns (Lane lane) {
        if (state.policyHash == 0) revert NoPolicy(update.asset);
        _checkInForce(state);
        if (update.policyHash != state.policyHash) revert PolicyChanged(update.policyHash, state.policyHash);
        if (update.epoch != epoch) revert EpochChanged(update.epoch, epoch);
        Policy storage policy = _policies[update.asset];
        Liveness.checkEvidence(update, policy.maxEvidenceAgeSeconds);
        Values memory held = MARKET.read(update.asset);
        if (!Updates.same(held, update.from)) revert StateMoved(held);
        lane = Limits.check(policy, state.moves, held, update.to, update.maxNewlyLiquidatable);
        // Reducing must work when the feed or the sequencer does not.
        if (lane == Lane.Slow) {
            Liveness.checkSequencer(SEQUENCER, SEQUENCER_GRACE_SECONDS);
            Liveness.checkPrice(policy, update.price, MARKET.price(update.asset));
        }
    }

    function _wait(AssetState storage state, Update calldata update, bytes32 id) private {
        Policy storage policy = _policies[update.asset];
        uint64 executeAt = uint64(block.timestamp + policy.delaySeconds);
        uint64 lastSecond = uint64(Math.min(update.evidenceTime + policy.maxEvidenceAgeSeconds, update.deadline));
        if (executeAt > lastSecond) revert WaitOutlastsEvidence(executeAt, lastSecond);
        state.pending = Pending(id, executeAt, lastSecond, epoch);
        emit Submitted(update.asset, id, update.evidenceRoot, update, executeAt);
    }

    function _apply(AssetState storage state, Update calldata update, bytes32 id, Lane lane) private {
        Values memory first = update.to;
        if (lane == Lane.Slow) {
            // Evidence speaks of all that stands, so it re-affirms it; and where it leads replaces where a ramp led.
            state.affirmedAt = uint64(block.timestamp);
            state.affirmedRoot = update.evidenceRoot;
            delete state.ramp;
            first = _start(update.asset, state, update.from, update.to, false, update.evidenceRoot);
        } else if (state.ramp.running) {
            state.ramp.last = update.to;
        }
        _write(update.asset, state, update.from, first, update.evidenceRoot);
        emit Applied(update.asset, id, update.evidenceRoot, lane, update.from, update.to);
    }
}
