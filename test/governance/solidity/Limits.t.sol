// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Limits} from "contracts/guard/Limits.sol";
import {Budget, Policy} from "contracts/guard/Policy.sol";
import {Field, Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// Each limit to the unit: the limit passes, one beyond is refused by name.
contract LimitsTest is Setting {
    /// Every limit far away, but the one that a test brings near.
    function wide() internal view returns (Policy memory p) {
        p = policy();
        p.minGapBps = 0;
        p.bufferBps = 0;
        for (uint256 i = 0; i < 6; i++) {
            (p.fields[i].min, p.fields[i].max) = (1, UNCAPPED);
            (p.fields[i].below, p.fields[i].above) = (UNCAPPED, UNCAPPED);
            (p.fields[i].stepUp, p.fields[i].stepDown) = (UNCAPPED, UNCAPPED);
            p.fields[i].cooldownSeconds = 0;
            for (uint256 j = 0; j < 3; j++) p.fields[i].budgets[j] = Budget(30 days, UNCAPPED, UNCAPPED);
        }
    }

    function number(Values memory v, uint256 field) internal pure returns (uint64) {
        return [uint64(v.ltvBps), v.thresholdBps, v.bonusBps, v.multiplierPpm, v.supplyCapTokens, v.borrowCapTokens][field];
    }

    function with(uint256 field, uint256 value) internal pure returns (Values memory v) {
        v = usual();
        if (field == 0) v.ltvBps = uint16(value);
        if (field == 1) v.thresholdBps = uint16(value);
        if (field == 2) v.bonusBps = uint16(value);
        if (field == 3) v.multiplierPpm = uint32(value);
        if (field == 4) v.supplyCapTokens = uint64(value);
        if (field == 5) v.borrowCapTokens = uint64(value);
    }

    function allowed(Values memory to) internal view {
        guard.judge(update(to));
    }

    function refusedNow(Values memory to, bytes memory reason) internal {
        Update memory u = update(to);
        vm.expectRevert(reason);
        guard.judge(u);
    }

    function test_steps() public {
        for (uint256 f = 0; f < 6; f++) {
            uint64 now_ = number(usual(), f);
            Policy memory p = wide();
            (p.fields[f].stepUp, p.fields[f].stepDown) = (40, 30);
            setPolicy(p);
            allowed(with(f, now_ + 40));
            refusedNow(with(f, now_ + 41), abi.encodeWithSelector(Limits.StepTooLarge.selector, f, 41, 40));
            allowed(with(f, now_ - 30));
            refusedNow(with(f, now_ - 31), abi.encodeWithSelector(Limits.StepTooLarge.selector, f, 31, 30));
            (p.fields[f].stepUp, p.fields[f].stepDown) = (0, 30);
            setPolicy(p);
            refusedNow(with(f, now_ + 1), abi.encodeWithSelector(Limits.DirectionForbidden.selector, f));
            (p.fields[f].stepUp, p.fields[f].stepDown) = (40, 0);
            setPolicy(p);
            refusedNow(with(f, now_ - 1), abi.encodeWithSelector(Limits.DirectionForbidden.selector, f));
        }
    }

    function test_walls() public {
        for (uint256 f = 0; f < 6; f++) {
            uint64 now_ = number(usual(), f);
            Policy memory p = wide();
            (p.fields[f].min, p.fields[f].max) = (now_ - 30, now_ + 40);
            setPolicy(p);
            allowed(with(f, now_ + 40));
            refusedNow(with(f, now_ + 41), abi.encodeWithSelector(Limits.OutsideWalls.selector, f, now_ + 41, now_ + 40));
            allowed(with(f, now_ - 30));
            refusedNow(with(f, now_ - 31), abi.encodeWithSelector(Limits.OutsideWalls.selector, f, now_ - 31, now_ - 30));
        }
    }

    function test_corridor() public {
        for (uint256 f = 0; f < 6; f++) {
            uint64 now_ = number(usual(), f);
            Policy memory p = wide();
            p.baseline = with(f, now_ - 5);
            (p.fields[f].below, p.fields[f].above) = (20, 45);
            setPolicy(p);
            allowed(with(f, now_ + 40));
            refusedNow(with(f, now_ + 41), abi.encodeWithSelector(Limits.OutsideCorridor.selector, f, now_ + 41, now_ + 40));
            allowed(with(f, now_ - 25));
            refusedNow(with(f, now_ - 26), abi.encodeWithSelector(Limits.OutsideCorridor.selector, f, now_ - 26, now_ - 25));
        }
    }

    function test_what_stands_outside_may_come_back_step_by_step() public {
        for (uint256 f = 0; f < 6; f++) {
            uint64 now_ = number(usual(), f);
            Policy memory p = wide();
            p.baseline = with(f, now_ - 200);
            (p.fields[f].max, p.fields[f].above) = (now_ - 100, 50);
            setPolicy(p);
            allowed(with(f, now_ - 1));
            p.baseline = with(f, now_ + 150);
            (p.fields[f].min, p.fields[f].below, p.fields[f].max, p.fields[f].above) = (now_ + 100, 20, UNCAPPED, UNCAPPED);
            // A baseline above in LTV or threshold must itself make sense.
            if (f == 1) p.baseline.ltvBps = 100;
            setPolicy(p);
            allowed(with(f, now_ + 1));
        }
    }

    function test_zero_is_no_value() public {
        setPolicy(wide());
        for (uint256 f = 0; f < 6; f++) {
            refusedNow(with(f, 0), abi.encodeWithSelector(Limits.ZeroValue.selector, f));
            market.put(ASSET, with(f, 0));
            refusedNow(usual(), abi.encodeWithSelector(Limits.ZeroValue.selector, f));
            market.put(ASSET, usual());
        }
    }

    function test_a_cap_where_there_was_none() public {
        Values memory v = with(4, UNCAPPED);
        market.put(ASSET, v);
        setPolicy(wide());
        submit(with(4, 500));
        eq(held().supplyCapTokens, 500, "capped");
    }

    function test_cooldown_by_field_and_both_directions() public {
        for (uint256 f = 0; f < 6; f++) {
            setUp();
            uint64 now_ = number(usual(), f);
            Policy memory p = wide();
            p.fields[f].cooldownSeconds = 5 days;
            p.rampStepPpm = type(uint32).max;
            setPolicy(p);
            pass(with(f, f == 3 ? now_ - 2 : now_ + 2));
            uint256 moved = block.timestamp;
            bool slowDown = f > 0 && f < 4;
            tick(5 days - 1);
            refusedNow(with(f, number(held(), f) + 1), abi.encodeWithSelector(Limits.CoolingDown.selector, f, moved + 5 days));
            if (slowDown) {
                refusedNow(with(f, number(held(), f) - 1), abi.encodeWithSelector(Limits.CoolingDown.selector, f, moved + 5 days));
            } else {
                // Reducing does not wait, but starts a rest of its own.
                submit(with(f, number(held(), f) - 1));
                moved = block.timestamp;
                tick(5 days - 1);
                refusedNow(with(f, number(held(), f) + 1), abi.encodeWithSelector(Limits.CoolingDown.selector, f, moved + 5 days));
            }
            tick(1);
            allowed(with(f, number(held(), f) + 1));
        }
    }

    function test_budgets_by_field_direction_and_window() public {
        for (uint256 f = 0; f < 6; f++) {
            for (uint256 w = 0; w < 3; w++) {
                setUp();
                uint64 now_ = number(usual(), f);
                Policy memory p = wide();
                for (uint256 j = 0; j < 3; j++) p.fields[f].budgets[j] = Budget(uint32((j + 1) * 10 days), UNCAPPED, UNCAPPED);
                uint32 window = uint32((w + 1) * 10 days);
                p.fields[f].budgets[w] = Budget(window, 50, 60);
                (p.rampStepBps, p.rampStepPpm) = (100, 100);
                setPolicy(p);
                spend(with(f, now_ + 30), f);
                uint256 raisedAt = block.timestamp;
                tick(1);
                spend(with(f, now_ - 10), f);
                uint256 loweredAt = block.timestamp;
                uint64 stands = number(held(), f);
                allowed(with(f, stands + 20));
                refusedNow(with(f, stands + 21), abi.encodeWithSelector(Limits.BudgetSpent.selector, f, window, 21, 20));
                if (f != 1) {
                    allowed(with(f, stands - 20));
                    refusedNow(with(f, stands - 21), abi.encodeWithSelector(Limits.BudgetSpent.selector, f, window, 21, 20));
                }
                tick(raisedAt + window - 1 - block.timestamp);
                refusedNow(with(f, stands + 21), abi.encodeWithSelector(Limits.BudgetSpent.selector, f, window, 21, 20));
                tick(1);
                allowed(with(f, stands + 50));
                refusedNow(with(f, stands + 51), abi.encodeWithSelector(Limits.BudgetSpent.selector, f, window, 51, 50));
                tick(loweredAt + window - 1 - block.timestamp);
                if (f != 1) refusedNow(with(f, stands - 21), abi.encodeWithSelector(Limits.BudgetSpent.selector, f, window, 21, 20));
                tick(1);
                allowed(with(f, stands - 60));
            }
        }
    }

    /// A budget made smaller than what is spent leaves nothing, and says nothing below it.
    function test_an_overspent_budget_leaves_nothing() public {
        setPolicy(wide());
        pass(with(4, 1_000_100));
        Policy memory p = wide();
        p.fields[4].budgets[0].up = 60;
        setPolicy(p);
        refusedNow(with(4, 1_000_101), abi.encodeWithSelector(Limits.BudgetSpent.selector, 4, 30 days, 1, 0));
    }

    function test_gap() public {
        setPolicy(policy());
        market.put(ASSET, with(0, 8_090));
        allowed(with(0, 8_100));
        refusedNow(with(0, 8_101), abi.encodeWithSelector(Limits.GapTooSmall.selector, 8_101, 8_300, 200));
        market.put(ASSET, with(1, 8_210));
        allowed(with(1, 8_200));
        refusedNow(with(1, 8_199), abi.encodeWithSelector(Limits.GapTooSmall.selector, 8_000, 8_199, 200));
    }

    function test_where_the_gap_is_too_small_already_reducing_is_welcome() public {
        market.put(ASSET, with(0, 8_250));
        refusedNow(held(), abi.encodeWithSelector(Limits.GapTooSmall.selector, 8_250, 8_300, 200));
        submit(with(0, 8_240));
    }

    function test_an_LTV_of_zero_needs_no_gap() public {
        Values memory v = Values(0, 100, 500, 1_000_000, 1_000, 1_000);
        market.put(ASSET, v);
        Values memory to = v;
        to = Values(0, 100, 500, 950_000, 1_000, 1_000);
        allowed(to);
    }

    /// 93.00 % x 107.53 % = 1.0000029: Aave's rounding takes it, this does not.
    function test_product_is_exact() public {
        Policy memory p = wide();
        setPolicy(p);
        Values memory v = usual();
        (v.thresholdBps, v.bonusBps) = (9_300, 752);
        market.put(ASSET, v);
        allowed(v);
        Values memory to = Values(v.ltvBps, 9_300, 753, v.multiplierPpm, v.supplyCapTokens, v.borrowCapTokens);
        refusedNow(to, abi.encodeWithSelector(Limits.LiquidationUnprofitable.selector, 9_300 * 10_753, 100_000_000));
    }

    function test_buffer() public {
        Policy memory p = wide();
        p.bufferBps = 400;
        setPolicy(p);
        // 8,000 x 12,000 = 0.96 exactly.
        Values memory v = Values(7_000, 8_000, 1_999, 1_000_000, 1_000, 1_000);
        market.put(ASSET, v);
        allowed(Values(7_000, 8_000, 2_000, 1_000_000, 1_000, 1_000));
        refusedNow(
            Values(7_000, 8_000, 2_001, 1_000_000, 1_000, 1_000),
            abi.encodeWithSelector(Limits.LiquidationUnprofitable.selector, 8_000 * 12_001, 96_000_000)
        );
    }

    function test_newly_liquidatable_accounts() public {
        Update memory u = update(lowered(1));
        u.maxNewlyLiquidatable = 3;
        guard.judge(u);
        u.maxNewlyLiquidatable = 4;
        vm.expectRevert(abi.encodeWithSelector(Limits.TooManyLiquidatable.selector, 4, 3));
        guard.judge(u);
        u = update(lowered(0));
        u.maxNewlyLiquidatable = 1;
        vm.expectRevert(abi.encodeWithSelector(Limits.TooManyLiquidatable.selector, 1, 0));
        guard.judge(u);
    }

    function test_the_liquidators_combination() public {
        setPolicy(wide());
        Values memory to = usual();
        (to.thresholdBps, to.bonusBps) = (8_290, 501);
        refusedNow(to, abi.encodeWithSelector(Limits.LiquidatorsCombination.selector));
        (to.thresholdBps, to.bonusBps) = (8_310, 501);
        allowed(to);
        (to.thresholdBps, to.bonusBps) = (8_290, 499);
        allowed(to);
    }

    function test_the_combination_in_two_moves() public {
        setPolicy(wide());
        pass(with(1, 8_299));
        tick(1 days);
        guard.advance(ASSET);
        tick(90 days - 1);
        Values memory to = with(1, 8_299);
        to.bonusBps = 501;
        refusedNow(to, abi.encodeWithSelector(Limits.LiquidatorsCombination.selector));
        to.bonusBps = 499;
        allowed(to);
        tick(1);
        to.bonusBps = 501;
        allowed(to);
    }

    function test_the_combination_in_two_moves_the_other_way_round() public {
        setPolicy(wide());
        pass(with(2, 501));
        tick(90 days - 1);
        Values memory to = with(2, 501);
        to.thresholdBps = 8_299;
        refusedNow(to, abi.encodeWithSelector(Limits.LiquidatorsCombination.selector));
        to.thresholdBps = 8_301;
        allowed(to);
        to.thresholdBps = 8_299;
        tick(1);
        allowed(to);
    }

    /// Goes wherever it must go, slow, fast or by a ramp.
    function spend(Values memory to, uint256 f) private {
        uint64 from = number(held(), f);
        if (number(to, f) < from && (f == 0 || f > 3)) {
            submit(to);
            return;
        }
        pass(to);
        if ((f == 1 && number(to, f) < from) || (f == 3 && number(to, f) > from)) {
            tick(1 days);
            guard.advance(ASSET);
        }
        eq(number(held(), f), number(to, f), "arrived");
    }
}
