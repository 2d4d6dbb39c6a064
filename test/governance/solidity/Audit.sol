// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Limits} from "contracts/guard/Limits.sol";
import {Budget, Policy} from "contracts/guard/Policy.sol";
import {Field, Updates, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {Written} from "./StandIns.sol";

/// Judges every write from the market's own log, by sums as one would make them by hand. Knows nothing of the guard's records.
abstract contract Audit is Setting {
    /// Broken rules, each with how often.
    uint256 public overBudget;
    uint256 public overStep;
    uint256 public outsideWalls;
    uint256 public outsideCorridor;
    uint256 public unsafePairs;
    uint256 public steepRamps;
    uint256 public whileStopped;
    uint256 public combinations;
    uint256 public unchained;
    uint256 public loosenedByDecay;

    /// Largest sum of rises of the LTV in any 30 days.
    uint256 public mostLtvRaised;

    /// Of each write in the market's log.
    mapping(uint256 index => bool) private _byDecay;

    function violations() external view returns (uint256) {
        return overBudget + overStep + outsideWalls + outsideCorridor + unsafePairs + steepRamps + whileStopped + combinations
            + unchained + loosenedByDecay;
    }

    function audit(uint256 first, bool byDecay, bool stopped) internal {
        for (uint256 i = first; i < market.writes(); i++) {
            _byDecay[i] = byDecay;
            if (stopped && !byDecay) whileStopped++;
            one(i, byDecay);
        }
    }

    function one(uint256 index, bool byDecay) private {
        Written memory w = market.written(index);
        Policy memory p = policy();
        uint256[6] memory a = Updates.list(w.from);
        uint256[6] memory b = Updates.list(w.to);
        // Each write starts where the last one ended: nothing was moved besides.
        Values memory before = index == 0 ? usual() : market.written(index - 1).to;
        if (keccak256(abi.encode(before)) != keccak256(abi.encode(w.from))) unchained++;
        for (uint256 f = 0; f < 6; f++) {
            if (a[f] == b[f]) continue;
            bool up = b[f] > a[f];
            uint256 size = up ? b[f] - a[f] : a[f] - b[f];
            if (byDecay && up == (f != 3)) loosenedByDecay++;
            if (b[f] < p.fields[f].min || b[f] > p.fields[f].max) outsideWalls++;
            uint256 baseline = Updates.list(p.baseline)[f];
            if (b[f] > baseline + p.fields[f].above || b[f] + p.fields[f].below < baseline) outsideCorridor++;
            if (!byDecay && size > (up ? p.fields[f].stepUp : p.fields[f].stepDown)) overStep++;
            if (f == 1 && !up && steep(index, f, size, p.rampStepBps)) steepRamps++;
            if (f == 3 && up && steep(index, f, size, p.rampStepPpm)) steepRamps++;
            for (uint256 j = 0; j < 3; j++) {
                Budget memory budget = p.fields[f].budgets[j];
                if (budget.windowSeconds == 0 || byDecay) continue;
                if (sum(index, f, up, budget.windowSeconds) > (up ? budget.up : budget.down)) overBudget++;
            }
        }
        if (b[0] > a[0]) {
            uint256 raised = sum(index, 0, true, 30 days);
            if (raised > mostLtvRaised) mostLtvRaised = raised;
        }
        if (b[0] + p.minGapBps > b[1] || b[1] * (10_000 + b[2]) > 10_000 * (10_000 - uint256(p.bufferBps))) unsafePairs++;
        // Decay may lower a threshold after a bonus rose; it has taken that rise back by then.
        if (b[2] > a[2] && sum(index, 1, false, 90 days) > 0) combinations++;
        if (!byDecay && b[1] < a[1] && sum(index, 2, true, 90 days) > 0) combinations++;
    }

    /// Too large a step, or too soon after the one before.
    function steep(uint256 index, uint256 f, uint256 size, uint256 most) private view returns (bool) {
        if (size > most) return true;
        for (uint256 i = index; i > 0; i--) {
            Written memory w = market.written(i - 1);
            (uint256 a, uint256 b) = (Updates.list(w.from)[f], Updates.list(w.to)[f]);
            if (f == 1 ? b < a : b > a) return market.written(index).time - w.time < 1 days;
        }
        return false;
    }

    /// All moves of one field in one direction in the window that ends with this write; those of decay are nobody's.
    function sum(uint256 index, uint256 f, bool up, uint256 window) private view returns (uint256 total) {
        uint256 time = market.written(index).time;
        for (uint256 i = index + 1; i > 0; i--) {
            Written memory w = market.written(i - 1);
            if (time - w.time >= window) break;
            (uint256 a, uint256 b) = (Updates.list(w.from)[f], Updates.list(w.to)[f]);
            if (!_byDecay[i - 1] && up && b > a) total += b - a;
            if (!_byDecay[i - 1] && !up && b < a) total += a - b;
        }
    }
}
