// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {History} from "./History.sol";
import {Budget, FieldLimit, Policy} from "./Policy.sol";
import {FIELDS, Field, HISTORIES, Lane, Updates, Values} from "./Update.sol";

/// @title Which moves are allowed, and in which lane.
/// @dev `governance/guard-limits.ts` says the same off chain; random cases are put to both.
library Limits {
    using History for History.Moves;

    uint256 internal constant ONE_BPS = 10_000;

    error TooManyLiquidatable(uint256 attested, uint256 most);
    error ZeroValue(Field field);
    error DirectionForbidden(Field field);
    error StepTooLarge(Field field, uint256 size, uint256 most);
    error OutsideWalls(Field field, uint256 value, uint256 wall);
    error OutsideCorridor(Field field, uint256 value, uint256 bound);
    error CoolingDown(Field field, uint256 readyAt);
    error BudgetSpent(Field field, uint256 windowSeconds, uint256 size, uint256 left);
    error LiquidatorsCombination();
    error GapTooSmall(uint256 ltvBps, uint256 thresholdBps, uint256 minGapBps);
    error LiquidationUnprofitable(uint256 product, uint256 most);

    /// @notice Reverts with the first rule that the move breaks.
    /// @dev External, so that its code need not fit into the guard's; the guard's code names its address for good.
    function check(
        Policy storage policy,
        History.Moves[HISTORIES] storage histories,
        Values memory from,
        Values memory to,
        uint256 newlyLiquidatable
    ) external view returns (Lane lane) {
        uint256[FIELDS] memory a = Updates.list(from);
        uint256[FIELDS] memory b = Updates.list(to);
        uint256[FIELDS] memory baseline = Updates.list(policy.baseline);
        lane = laneOf(a, b);
        uint256 most = lane == Lane.Fast ? 0 : policy.maxNewlyLiquidatable;
        if (newlyLiquidatable > most) revert TooManyLiquidatable(newlyLiquidatable, most);
        for (uint256 i = 0; i < FIELDS; i++) {
            if (a[i] != b[i]) _checkField(policy.fields[i], histories, Field(i), a[i], b[i], baseline[i]);
        }
        // What is reduce-only widens the gap and leaves the product alone: it is welcome where the gap is too small already.
        if (lane == Lane.Fast) return lane;
        if (_combined(histories, a, b)) revert LiquidatorsCombination();
        checkJoint(policy.minGapBps, policy.bufferBps, to);
    }

    /// @notice Fast only if something moves and all that moves is reduce-only. An update that moves nothing prolongs
    /// looseness, and that takes the slow lane.
    function laneOf(uint256[FIELDS] memory from, uint256[FIELDS] memory to)
        internal
        pure
        returns (Lane)
    {
        bool moved;
        for (uint256 i = 0; i < FIELDS; i++) {
            if (from[i] == to[i]) continue;
            if (!reduceOnly(Field(i), from[i], to[i])) return Lane.Slow;
            moved = true;
        }
        return moved ? Lane.Fast : Lane.Slow;
    }

    /// @notice Less may be borrowed anew, and nobody who has borrowed is nearer to a liquidation.
    function reduceOnly(Field field, uint256 from, uint256 to) internal pure returns (bool) {
        return to < from && (field == Field.Ltv || field == Field.SupplyCap || field == Field.BorrowCap);
    }

    /// @notice Hurts open positions at once: moves by steps, over time.
    function ramps(Field field, uint256 from, uint256 to) internal pure returns (bool) {
        return field == Field.Threshold ? to < from : field == Field.Multiplier && to > from;
    }

    /// @notice Further than `safe` in the direction that attestors may have granted and that nobody else approved. A bonus
    /// counts as granted upwards: it must have come back before a granted threshold does.
    function looser(Field field, uint256 value, uint256 safe) internal pure returns (bool) {
        return field == Field.Multiplier ? value < safe : value > safe;
    }

    function indexOf(Field field, bool up) internal pure returns (uint256) {
        return 2 * uint256(field) + (up ? 0 : 1);
    }

    /// @notice Exact in integers: Aave's percentMul rounds half up, and takes 9300 x 10753 for 1.
    function checkJoint(uint256 minGapBps, uint256 bufferBps, Values memory to) internal pure {
        if (to.ltvBps > 0 && to.ltvBps + minGapBps > to.thresholdBps) {
            revert GapTooSmall(to.ltvBps, to.thresholdBps, minGapBps);
        }
        uint256 product = to.thresholdBps * (ONE_BPS + to.bonusBps);
        uint256 most = ONE_BPS * (ONE_BPS - bufferBps);
        if (product > most) revert LiquidationUnprofitable(product, most);
    }

    function _checkField(
        FieldLimit storage limit,
        History.Moves[HISTORIES] storage histories,
        Field field,
        uint256 from,
        uint256 to,
        uint256 baseline
    ) private view {
        // To 0 switches something off for those who are in it; from 0 admits something new. Governance does that.
        if (from == 0 || to == 0) revert ZeroValue(field);
        bool up = to > from;
        uint256 size = up ? to - from : from - to;
        uint256 step = up ? limit.stepUp : limit.stepDown;
        if (step == 0) revert DirectionForbidden(field);
        if (size > step) revert StepTooLarge(field, size, step);
        // A bound stops only what moves away from inside: what stands outside may come back step by step.
        if (up) {
            if (to > limit.max) revert OutsideWalls(field, to, limit.max);
            if (to > baseline + limit.above) revert OutsideCorridor(field, to, baseline + limit.above);
        } else {
            if (to < limit.min) revert OutsideWalls(field, to, limit.min);
            if (to + limit.below < baseline) revert OutsideCorridor(field, to, baseline - limit.below);
        }
        if (!reduceOnly(field, from, to)) _checkCooldown(limit, histories, field);
        _checkBudgets(limit, histories[indexOf(field, up)], field, up, size);
    }

    function _checkCooldown(FieldLimit storage limit, History.Moves[HISTORIES] storage histories, Field field)
        private
        view
    {
        uint256 last = Math.max(histories[indexOf(field, true)].last(), histories[indexOf(field, false)].last());
        if (last > 0 && block.timestamp < last + limit.cooldownSeconds) {
            revert CoolingDown(field, last + limit.cooldownSeconds);
        }
    }

    function _checkBudgets(
        FieldLimit storage limit,
        History.Moves storage moves,
        Field field,
        bool up,
        uint256 size
    ) private view {
        for (uint256 i = 0; i < limit.budgets.length; i++) {
            Budget memory budget = limit.budgets[i];
            if (budget.windowSeconds == 0) continue;
            uint256 spent = moves.since(budget.windowSeconds);
            uint256 most = up ? budget.up : budget.down;
            if (spent + size > most) {
                revert BudgetSpent(field, budget.windowSeconds, size, most - Math.min(spent, most));
            }
        }
    }

    /// A threshold that falls and a bonus that rises, together or within the longest window of each other: that pair pays
    /// whoever liquidates the accounts it exposes.
    function _combined(
        History.Moves[HISTORIES] storage histories,
        uint256[FIELDS] memory from,
        uint256[FIELDS] memory to
    ) private view returns (bool) {
        (uint256 threshold, uint256 bonus) = (uint256(Field.Threshold), uint256(Field.Bonus));
        bool lowers = to[threshold] < from[threshold];
        bool raises = to[bonus] > from[bonus];
        if (lowers && raises) return true;
        if (raises && histories[indexOf(Field.Threshold, false)].since(History.LONGEST_SECONDS) > 0) return true;
        return lowers && histories[indexOf(Field.Bonus, true)].since(History.LONGEST_SECONDS) > 0;
    }
}
