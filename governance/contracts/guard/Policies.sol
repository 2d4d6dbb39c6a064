// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {History} from "./History.sol";
import {Limits} from "./Limits.sol";
import {FieldLimit, Policy} from "./Policy.sol";
import {FIELDS, Updates} from "./Update.sol";

/// @title What a policy must be to mean anything.
library Policies {
    uint256 internal constant MIN_DELAY_SECONDS = 1 hours;

    /// @param what The part that makes no sense.
    error BadPolicy(bytes32 what);

    /// @dev External, so that its code need not fit into the guard's; called by the owner's `setPolicy` only.
    function set(Policy storage self, Policy calldata policy) external {
        _validate(policy);
        _store(self, policy);
    }

    function _validate(Policy calldata policy) private pure {
        if (policy.source == 0) revert BadPolicy("source");
        if (policy.feed == address(0)) revert BadPolicy("feed");
        if (policy.heartbeatSeconds == 0) revert BadPolicy("heartbeatSeconds");
        if (policy.delaySeconds < MIN_DELAY_SECONDS) revert BadPolicy("delaySeconds");
        // Evidence must outlive the wait, else nothing slow could ever be executed.
        if (policy.maxEvidenceAgeSeconds <= policy.delaySeconds) revert BadPolicy("maxEvidenceAgeSeconds");
        if (policy.affirmSeconds == 0) revert BadPolicy("affirmSeconds");
        if (policy.rampIntervalSeconds == 0) revert BadPolicy("rampIntervalSeconds");
        if (policy.rampStepBps == 0) revert BadPolicy("rampStepBps");
        if (policy.rampStepPpm == 0) revert BadPolicy("rampStepPpm");
        if (policy.bufferBps > Limits.ONE_BPS) revert BadPolicy("bufferBps");
        Limits.checkJoint(policy.minGapBps, policy.bufferBps, policy.baseline);
        uint256[FIELDS] memory baseline = Updates.list(policy.baseline);
        for (uint256 i = 0; i < FIELDS; i++) {
            FieldLimit calldata limit = policy.fields[i];
            if (limit.stepUp == 0 && limit.stepDown == 0) continue;
            // A wall at 0 would let a field be switched off.
            if (limit.min == 0 || limit.min > baseline[i] || limit.max < baseline[i]) revert BadPolicy("wall");
            if (limit.cooldownSeconds > History.LONGEST_SECONDS) revert BadPolicy("cooldownSeconds");
            if (limit.budgets[0].windowSeconds == 0) revert BadPolicy("budget");
            for (uint256 j = 0; j < limit.budgets.length; j++) {
                if (limit.budgets[j].windowSeconds > History.LONGEST_SECONDS) revert BadPolicy("windowSeconds");
            }
        }
    }

    /// @dev By hand: the compiler copies no nested array of structs.
    function _store(Policy storage self, Policy calldata policy) private {
        self.source = policy.source;
        self.feed = policy.feed;
        self.heartbeatSeconds = policy.heartbeatSeconds;
        self.maxPriceDeviationBps = policy.maxPriceDeviationBps;
        self.maxEvidenceAgeSeconds = policy.maxEvidenceAgeSeconds;
        self.delaySeconds = policy.delaySeconds;
        self.vetoCooldownSeconds = policy.vetoCooldownSeconds;
        self.affirmSeconds = policy.affirmSeconds;
        self.rampIntervalSeconds = policy.rampIntervalSeconds;
        self.rampStepBps = policy.rampStepBps;
        self.rampStepPpm = policy.rampStepPpm;
        self.minGapBps = policy.minGapBps;
        self.bufferBps = policy.bufferBps;
        self.maxNewlyLiquidatable = policy.maxNewlyLiquidatable;
        self.baseline = policy.baseline;
        for (uint256 i = 0; i < FIELDS; i++) {
            FieldLimit calldata limit = policy.fields[i];
            FieldLimit storage held = self.fields[i];
            held.min = limit.min;
            held.max = limit.max;
            held.below = limit.below;
            held.above = limit.above;
            held.stepUp = limit.stepUp;
            held.stepDown = limit.stepDown;
            held.cooldownSeconds = limit.cooldownSeconds;
            for (uint256 j = 0; j < limit.budgets.length; j++) held.budgets[j] = limit.budgets[j];
        }
    }
}
