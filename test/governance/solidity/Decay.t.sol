// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Controls, Ramp} from "contracts/guard/Controls.sol";
import {Policy} from "contracts/guard/Policy.sol";
import {Ramps} from "contracts/guard/Ramps.sol";
import {RiskGuard} from "contracts/guard/RiskGuard.sol";
import {Field, Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// The dead man: looseness that nobody re-affirms goes back to what governance approved.
contract DecayTest is Setting {
    /// Everything a little looser, by attestation.
    function loose() internal pure returns (Values memory v) {
        v = Values(8_050, 8_320, 510, 910_000, 1_100_000, 880_000);
    }

    function ramp() internal view returns (Ramp memory r) {
        (,,,,,, r,) = guard.stateOf(ASSET);
    }

    function granted() internal view returns (Values memory v) {
        (,,,,,,, v) = guard.stateOf(ASSET);
    }

    function decays() internal {
        vm.prank(STRANGER);
        guard.decay(ASSET);
    }

    function test_looseness_lasts_as_long_as_it_is_affirmed() public {
        pass(loose());
        same(granted(), loose(), "granted");
        uint256 until = block.timestamp + 30 days;
        tick(30 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.StillAffirmed.selector, until));
        guard.decay(ASSET);
        tick(1);
        decays();
    }

    function test_what_hurts_nobody_goes_at_once_and_the_rest_by_steps() public {
        pass(loose());
        tick(30 days + 1);
        Values memory to = usual();
        (to.thresholdBps, to.multiplierPpm) = (8_320, 910_000);
        vm.expectEmit();
        emit Ramps.RampStarted(ASSET, true, 8_300, 1_000_000, uint64(block.timestamp + 1 days));
        vm.expectEmit();
        emit Ramps.Decayed(ASSET, ROOT, loose(), to);
        decays();
        same(held(), to, "at once");
        vm.expectRevert(abi.encodeWithSelector(Ramps.TooEarly.selector, block.timestamp + 1 days));
        guard.advance(ASSET);
        vm.expectRevert(abi.encodeWithSelector(Ramps.RampRunning.selector, ASSET));
        guard.decay(ASSET);
        tick(1 days);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_310, "threshold");
        eq(held().multiplierPpm, 960_000, "multiplier");
        tick(1 days);
        guard.advance(ASSET);
        same(held(), usual(), "the baseline");
        vm.expectRevert(abi.encodeWithSelector(Ramps.NothingToDecay.selector, ASSET));
        guard.decay(ASSET);
        same(granted(), Values(0, 0, 0, 0, 0, 0), "nothing granted any more");
    }

    /// However late anybody comes: no step is larger than the policy's.
    function test_nobody_is_liquidatable_at_once() public {
        pass(loose());
        tick(300 days);
        decays();
        eq(held().thresholdBps, 8_320, "announced only");
        tick(300 days);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_310, "one step");
    }

    function test_reaffirming_keeps_it_alive() public {
        pass(loose());
        tick(25 days);
        pass(loose());
        uint256 until = block.timestamp + 30 days;
        tick(30 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.StillAffirmed.selector, until));
        guard.decay(ASSET);
    }

    function test_reaffirming_stops_a_decay_under_way() public {
        pass(loose());
        tick(31 days);
        decays();
        tick(1 days);
        guard.advance(ASSET);
        tick(1 days);
        pass(held());
        yes(!ramp().running, "stopped");
        eq(held().thresholdBps, 8_310, "where it was");
        // And is dead again after as long.
        tick(30 days + 1);
        decays();
        tick(1 days);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_300, "the baseline");
    }

    function test_the_fast_lane_keeps_nothing_alive() public {
        pass(loose());
        tick(29 days);
        Values memory to = loose();
        to.borrowCapTokens--;
        submit(to);
        tick(2 days);
        decays();
        eq(held().borrowCapTokens, 800_000, "decayed, from what was left of it");
        eq(held().ltvBps, 8_000, "decayed");
    }

    function test_decay_waits_for_an_update_that_waits() public {
        pass(loose());
        tick(30 days);
        Update memory u = submit(loose());
        tick(1);
        vm.expectRevert(abi.encodeWithSelector(Ramps.UpdatePending.selector, guard.digestOf(u)));
        guard.decay(ASSET);
        vm.prank(GUARDIAN);
        guard.veto(ASSET);
        decays();
    }

    /// Neither the lease's end nor a guardian, honest or not, keeps looseness alive.
    function test_nobody_living_is_needed() public {
        pass(loose());
        vm.prank(GUARDIAN);
        guard.pause();
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, 0);
        tick(31 days);
        decays();
        tick(1 days);
        vm.prank(GUARDIAN);
        guard.veto(ASSET);
        guard.advance(ASSET);
        tick(1 days);
        guard.advance(ASSET);
        same(held(), usual(), "the baseline");
    }

    function test_what_governance_did_itself_stays() public {
        pass(loose());
        Values memory other = loose();
        other.ltvBps = 8_060;
        market.put(ASSET, other);
        tick(31 days);
        decays();
        eq(held().ltvBps, 8_060, "not what was granted");
        eq(held().supplyCapTokens, 1_000_000, "decayed");
    }

    function test_what_was_never_granted_stays() public {
        market.put(ASSET, loose());
        pass(loose());
        tick(31 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NothingToDecay.selector, ASSET));
        guard.decay(ASSET);
    }

    function test_governances_own_looseness_stays_its_own_when_tightened() public {
        market.put(ASSET, loose());
        Values memory to = loose();
        to.ltvBps = 8_040;
        submit(to);
        eq(granted().ltvBps, 0, "not granted");
        tick(31 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NothingToDecay.selector, ASSET));
        guard.decay(ASSET);
    }

    function test_what_is_left_after_tightening_is_still_granted() public {
        pass(loose());
        Values memory to = loose();
        to.ltvBps = 8_040;
        submit(to);
        eq(granted().ltvBps, 8_040, "what is left");
        to.ltvBps = 8_000;
        submit(to);
        eq(granted().ltvBps, 0, "the baseline is nobody's grant");
    }

    function test_tighter_than_the_baseline_stays() public {
        submit(lowered(0));
        tick(31 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NothingToDecay.selector, ASSET));
        guard.decay(ASSET);
    }

    function test_loosened_from_below_the_baseline_is_no_looseness() public {
        submit(lowered(0));
        tick(3 days);
        Values memory to = lowered(0);
        to.ltvBps += 50;
        pass(to);
        eq(granted().ltvBps, 0, "below the baseline");
        tick(31 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NothingToDecay.selector, ASSET));
        guard.decay(ASSET);
    }

    function test_a_new_baseline_makes_it_governances_own() public {
        pass(loose());
        Policy memory p = policy();
        p.baseline = loose();
        p.bufferBps = 0;
        setPolicy(p);
        tick(31 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NothingToDecay.selector, ASSET));
        guard.decay(ASSET);
    }

    function test_a_signed_ramp_goes_on_beside_a_decay_that_ramps_nothing() public {
        Values memory to = usual();
        (to.ltvBps, to.thresholdBps) = (8_050, 8_250);
        pass(to);
        tick(30 days + 1);
        guard.advance(ASSET);
        decays();
        eq(held().ltvBps, 8_000, "decayed");
        yes(ramp().running && !ramp().decay, "still the signed one");
        tick(1 days);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_280, "goes on");
    }

    function test_decay_takes_the_place_of_a_signed_ramp() public {
        Values memory to = usual();
        to.thresholdBps = 8_320;
        pass(to);
        tick(4 days);
        to.thresholdBps -= 5;
        pass(to);
        yes(ramp().running && !ramp().decay, "signed");
        tick(30 days + 1);
        decays();
        yes(ramp().decay, "decays");
        for (uint256 i = 0; i < 2; i++) {
            tick(1 days);
            guard.advance(ASSET);
        }
        eq(held().thresholdBps, 8_300, "the baseline");
    }

    function test_decay_counts_as_movement() public {
        pass(loose());
        tick(31 days);
        decays();
        (uint256 sum,) = guard.movedOf(ASSET, Field.Ltv, false, 1 days);
        eq(sum, 50, "LTV");
        tick(1 days);
        guard.advance(ASSET);
        (sum,) = guard.movedOf(ASSET, Field.Threshold, false, 1 days);
        eq(sum, 10, "threshold");
    }

    function test_a_decay_that_a_market_clamps_reverts() public {
        pass(loose());
        tick(31 days);
        market.clamp();
        Values memory clamped = usual();
        (clamped.ltvBps, clamped.thresholdBps, clamped.multiplierPpm) = (7_999, 8_320, 910_000);
        vm.expectRevert(abi.encodeWithSelector(Ramps.PostCondition.selector, clamped));
        guard.decay(ASSET);
    }

    function test_somebody_else_moved_the_market_during_a_decay() public {
        pass(loose());
        tick(31 days);
        decays();
        market.put(ASSET, lowered(0));
        tick(1 days);
        guard.advance(ASSET);
        same(held(), lowered(0), "hands off");
        yes(!ramp().running, "ended");
    }
}
