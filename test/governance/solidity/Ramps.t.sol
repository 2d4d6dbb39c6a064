// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ramp} from "contracts/guard/Controls.sol";
import {Limits} from "contracts/guard/Limits.sol";
import {Policy} from "contracts/guard/Policy.sol";
import {Controls} from "contracts/guard/Controls.sol";
import {Ramps} from "contracts/guard/Ramps.sol";
import {Field, Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// A threshold that falls and a multiplier that rises take their time, in steps that are announced.
contract RampsTest is Setting {
    function ramp() internal view returns (Ramp memory r) {
        (,,,,,, r,) = guard.stateOf(ASSET);
    }

    function test_a_falling_threshold_moves_by_steps() public {
        Update memory u = submit(lowered(1));
        tick(1 days);
        vm.expectEmit();
        emit Ramps.RampStarted(ASSET, false, 8_250, 1_000_000, uint64(block.timestamp + 1 days));
        guard.execute(u);
        same(held(), usual(), "announced, not moved");
        eq(market.writes(), 0, "writes");
        for (uint16 step = 1; step <= 5; step++) {
            tick(1 days - 1);
            vm.expectRevert(abi.encodeWithSelector(Ramps.TooEarly.selector, block.timestamp + 1));
            guard.advance(ASSET);
            tick(1);
            Values memory to = held();
            to.thresholdBps -= 10;
            vm.expectEmit();
            emit Ramps.Stepped(ASSET, ROOT, held(), to);
            if (step == 5) {
                vm.expectEmit();
                emit Ramps.RampEnded(ASSET, true);
            }
            vm.prank(STRANGER);
            guard.advance(ASSET);
            same(held(), to, "step");
        }
        same(held(), lowered(1), "arrived");
        yes(!ramp().running, "ended");
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NoRamp.selector, ASSET));
        guard.advance(ASSET);
    }

    function test_the_last_step_is_the_rest() public {
        Values memory to = usual();
        (to.thresholdBps, to.multiplierPpm) = (8_285, 1_130_000);
        pass(to);
        uint16[3] memory thresholds = [8_290, 8_285, 8_285];
        uint32[3] memory multipliers = [uint32(1_050_000), 1_100_000, 1_130_000];
        for (uint256 i = 0; i < 3; i++) {
            tick(1 days);
            guard.advance(ASSET);
            eq(held().thresholdBps, thresholds[i], "threshold");
            eq(held().multiplierPpm, multipliers[i], "multiplier");
        }
        yes(!ramp().running, "ended");
    }

    function test_a_late_step_makes_up_for_nothing() public {
        pass(lowered(1));
        tick(100 days);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_290, "one step");
        vm.expectRevert(abi.encodeWithSelector(Ramps.TooEarly.selector, block.timestamp + 1 days));
        guard.advance(ASSET);
    }

    function test_what_does_not_ramp_moves_at_once() public {
        Values memory to = usual();
        (to.ltvBps, to.thresholdBps, to.bonusBps, to.supplyCapTokens) = (7_950, 8_290, 490, 999_999);
        pass(to);
        eq(held().thresholdBps, 8_300, "ramps");
        eq(held().ltvBps, 7_950, "LTV");
        eq(held().bonusBps, 490, "bonus");
        eq(held().supplyCapTokens, 999_999, "cap");
        eq(market.writes(), 1, "writes");
        tick(1 days);
        guard.advance(ASSET);
        same(held(), to, "all of it");
    }

    function test_raised_thresholds_and_lowered_multipliers_do_not_ramp() public {
        Values memory to = usual();
        (to.thresholdBps, to.multiplierPpm) = (8_350, 900_000);
        pass(to);
        same(held(), to, "at once");
        yes(!ramp().running, "no ramp");
    }

    function test_somebody_else_moved_the_market() public {
        pass(lowered(1));
        tick(1 days);
        Values memory other = raised(0);
        market.put(ASSET, other);
        vm.expectEmit();
        emit Ramps.RampEnded(ASSET, false);
        guard.advance(ASSET);
        same(held(), other, "hands off");
        yes(!ramp().running, "ended");
        pass(lowered(2));
    }

    function test_a_ramp_goes_on_beside_fast_updates() public {
        pass(lowered(1));
        tick(1 days);
        guard.advance(ASSET);
        Values memory to = held();
        to.ltvBps -= 100;
        submit(to);
        tick(1 days);
        guard.advance(ASSET);
        eq(held().ltvBps, 7_900, "LTV");
        eq(held().thresholdBps, 8_280, "threshold");
    }

    function test_a_fast_update_without_a_ramp_starts_none() public {
        submit(lowered(0));
        yes(!ramp().running, "none");
        tick(2 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NoRamp.selector, ASSET));
        guard.advance(ASSET);
    }

    function test_a_ramp_stands_still_while_an_update_waits() public {
        pass(lowered(1));
        tick(1 days);
        guard.advance(ASSET);
        tick(2 days);
        Update memory u = submit(held());
        vm.expectRevert(abi.encodeWithSelector(Ramps.UpdatePending.selector, guard.digestOf(u)));
        guard.advance(ASSET);
        tick(1 days);
        guard.execute(u);
        yes(!ramp().running, "what was signed last says where it ends");
        eq(held().thresholdBps, 8_290, "here");
    }

    function test_a_new_slow_update_replaces_a_ramp() public {
        pass(lowered(1));
        tick(2 days);
        Values memory to = usual();
        to.multiplierPpm += 60_000;
        pass(to);
        tick(1 days);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_300, "threshold stays");
        eq(held().multiplierPpm, 1_050_000, "multiplier");
        tick(1 days);
        guard.advance(ASSET);
        same(held(), to, "arrived");
    }

    function test_each_step_counts_when_it_is_made() public {
        pass(lowered(1));
        (uint256 sum,) = guard.movedOf(ASSET, Field.Threshold, false, 90 days);
        eq(sum, 0, "not before");
        for (uint256 i = 1; i <= 5; i++) {
            tick(10 days);
            guard.advance(ASSET);
            (sum,) = guard.movedOf(ASSET, Field.Threshold, false, 90 days);
            eq(sum, 10 * i, "as it moves");
        }
        (sum,) = guard.movedOf(ASSET, Field.Threshold, false, 20 days);
        eq(sum, 20, "in 20 days");
    }

    function test_a_signed_ramp_stops_with_the_guard_and_with_the_lease() public {
        pass(lowered(1));
        tick(1 days);
        vm.prank(GUARDIAN);
        guard.pause();
        vm.expectRevert(abi.encodeWithSelector(Controls.IsPaused.selector));
        guard.advance(ASSET);
        vm.prank(TIMELOCK);
        guard.unpause();
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp));
        tick(1);
        vm.expectRevert(abi.encodeWithSelector(Ramps.LeaseExpired.selector, block.timestamp - 1));
        guard.advance(ASSET);
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp));
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_290, "again");
    }

    function test_no_step_moves_a_threshold_by_more_than_the_policys_step() public {
        Policy memory p = policy();
        p.rampStepBps = 7;
        setPolicy(p);
        pass(lowered(1));
        for (uint256 i = 0; i < 8; i++) {
            uint16 before = held().thresholdBps;
            tick(1 days + i * 3 days);
            guard.advance(ASSET);
            eq(before - held().thresholdBps, i < 7 ? 7 : 1, "step");
        }
    }
}
