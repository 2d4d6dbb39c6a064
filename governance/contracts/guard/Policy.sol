// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FIELDS, Values} from "./Update.sol";

/// Sum of moves allowed in a sliding window, by direction; a window of 0 seconds is none.
struct Budget {
    uint32 windowSeconds;
    uint64 up;
    uint64 down;
}

/// Up and down are those of the number: whether that is looser is the field's matter.
struct FieldLimit {
    /// Walls.
    uint64 min;
    uint64 max;
    /// Corridor: how far from the baseline.
    uint64 below;
    uint64 above;
    /// Largest single move; 0 forbids the direction.
    uint64 stepUp;
    uint64 stepDown;
    /// Rest after a move of this field in either direction, before one that is not reduce-only.
    uint32 cooldownSeconds;
    Budget[3] budgets;
}

/// What governance allows for one asset. Its hash stands in every update.
struct Policy {
    /// Id of the policy file these limits were made from.
    bytes32 source;
    /// Chainlink-shaped: tells that prices are alive, and the price itself where the market has no oracle.
    address feed;
    uint32 heartbeatSeconds;
    uint16 maxPriceDeviationBps;
    uint32 maxEvidenceAgeSeconds;
    /// From submission to execution in the slow lane.
    uint32 delaySeconds;
    /// No slow submission for so long after a veto.
    uint32 vetoCooldownSeconds;
    /// Looseness granted and not re-affirmed for so long decays to the baseline.
    uint32 affirmSeconds;
    /// A falling threshold and a rising multiplier move by one step at most, so far apart.
    uint32 rampIntervalSeconds;
    uint16 rampStepBps;
    uint32 rampStepPpm;
    /// LTV + gap <= threshold.
    uint16 minGapBps;
    /// threshold x (1 + bonus) <= 1 - buffer.
    uint16 bufferBps;
    uint32 maxNewlyLiquidatable;
    /// What governance approved: centre of the corridor, and the safe values that looseness decays to.
    Values baseline;
    FieldLimit[FIELDS] fields;
}
