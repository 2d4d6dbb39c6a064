// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation} from "contracts/guard/Attestors.sol";
import {Pending, Ramp} from "contracts/guard/Controls.sol";
import {Limits} from "contracts/guard/Limits.sol";
import {Liveness} from "contracts/guard/Liveness.sol";
import {Policy} from "contracts/guard/Policy.sol";
import {Ramps} from "contracts/guard/Ramps.sol";
import {RiskGuard} from "contracts/guard/RiskGuard.sol";
import {Field, Lane, Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// Fast and slow, one after the other, one instead of the other.
contract LanesTest is Setting {
    function test_reduceOnly_applies_at_once_and_says_so() public {
        Values memory to = usual();
        (to.ltvBps, to.supplyCapTokens, to.borrowCapTokens) = (7_000, 500_000, 400_000);
        Update memory u = update(to);
        Attestation[] memory list = sign(u);
        vm.expectEmit();
        emit RiskGuard.Applied(ASSET, guard.digestOf(u), ROOT, Lane.Fast, usual(), to);
        Lane lane = guard.submit(u, list);
        yes(lane == Lane.Fast, "lane");
        same(held(), to, "written");
        eq(market.writes(), 1, "writes");
        eq(nonce(), 1, "nonce");
    }

    function test_each_reduceOnly_field_is_fast_and_no_other() public view {
        for (uint256 i = 0; i < 6; i++) {
            eq(uint256(guard.judge(update(lowered(i)))), i == 0 || i > 3 ? 0 : 1, "down");
            eq(uint256(guard.judge(update(raised(i)))), 1, "up");
        }
    }

    function test_one_slow_field_makes_all_slow() public view {
        Values memory to = usual();
        (to.ltvBps, to.thresholdBps) = (7_950, 8_290);
        eq(uint256(guard.judge(update(to))), 1, "with a lower threshold");
        (to.thresholdBps, to.borrowCapTokens) = (8_300, 800_001);
        eq(uint256(guard.judge(update(to))), 1, "with a higher cap");
    }

    function test_slow_waits_then_anyone_executes() public {
        Values memory to = usual();
        to.ltvBps = 8_050;
        Update memory u = update(to);
        Attestation[] memory list = sign(u);
        bytes32 id = guard.digestOf(u);
        vm.expectEmit();
        emit RiskGuard.Submitted(ASSET, id, ROOT, u, uint64(block.timestamp + 1 days));
        vm.prank(STRANGER);
        yes(guard.submit(u, list) == Lane.Slow, "lane");
        same(held(), usual(), "nothing yet");
        eq(nonce(), 1, "the nonce is spent");
        tick(1 days - 1);
        vm.expectRevert(abi.encodeWithSelector(Ramps.TooEarly.selector, block.timestamp + 1));
        guard.execute(u);
        tick(1);
        vm.expectEmit();
        emit RiskGuard.Applied(ASSET, id, ROOT, Lane.Slow, usual(), to);
        vm.prank(STRANGER);
        guard.execute(u);
        same(held(), to, "written");
        vm.expectRevert(abi.encodeWithSelector(RiskGuard.NotPending.selector, id));
        guard.execute(u);
    }

    function test_only_what_waits_is_executed() public {
        Update memory u = submit(raised(0));
        tick(1 days);
        u.deadline++;
        bytes memory reason = abi.encodeWithSelector(RiskGuard.NotPending.selector, guard.digestOf(u));
        vm.expectRevert(reason);
        guard.execute(u);
    }

    function test_one_pending_update_an_asset() public {
        Update memory first = submit(raised(0));
        refused(raised(3), abi.encodeWithSelector(Ramps.UpdatePending.selector, guard.digestOf(first)));
    }

    function test_what_can_no_longer_be_executed_blocks_nobody() public {
        Update memory u = update(raised(0));
        u.deadline = uint64(block.timestamp + 1 days + 5);
        guard.submit(u, sign(u));
        tick(1 days + 5);
        refused(raised(3), abi.encodeWithSelector(Ramps.UpdatePending.selector, guard.digestOf(u)));
        tick(1);
        submit(raised(3));
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(RiskGuard.NotPending.selector, guard.digestOf(u)));
        guard.execute(u);
    }

    function test_evidence_ends_a_wait_as_a_deadline_does() public {
        Update memory u = update(raised(0));
        u.deadline = uint64(block.timestamp + 365 days);
        guard.submit(u, sign(u));
        (,,,,, Pending memory pending,,) = guard.stateOf(ASSET);
        eq(pending.lastSecond, block.timestamp + 3 days, "evidence ends first");
        tick(3 days + 1);
        submit(raised(3));
    }

    function test_a_wait_longer_than_its_evidence_is_refused() public {
        Update memory u = update(raised(0));
        u.deadline = uint64(block.timestamp + 1 days - 1);
        refused(u, abi.encodeWithSelector(RiskGuard.WaitOutlastsEvidence.selector, block.timestamp + 1 days, u.deadline));
        u.deadline++;
        guard.submit(u, sign(u));
        tick(1 days);
        guard.execute(u);
    }

    function test_fast_does_not_wait_behind_slow_and_ends_it() public {
        Update memory slow = submit(raised(0));
        submit(lowered(4));
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(RiskGuard.NotPending.selector, guard.digestOf(slow)));
        guard.execute(slow);
        Values memory to = held();
        to.ltvBps += 50;
        submit(to);
    }

    function test_rules_hold_again_at_execution() public {
        Update memory u = submit(raised(0));
        tick(1 days);
        Values memory moved = usual();
        moved.bonusBps = 505;
        market.put(ASSET, moved);
        vm.expectRevert(abi.encodeWithSelector(RiskGuard.StateMoved.selector, moved));
        guard.execute(u);
        market.put(ASSET, usual());
        market.setPrice(ASSET, PRICE * 98 / 100 - 1);
        vm.expectRevert(abi.encodeWithSelector(Liveness.PriceMoved.selector, PRICE, PRICE * 98 / 100 - 1));
        guard.execute(u);
        market.setPrice(ASSET, PRICE * 98 / 100);
        guard.execute(u);
    }

    function test_a_market_that_clamps_reverts_everything() public {
        market.clamp();
        Values memory to = lowered(0);
        Values memory clamped = lowered(0);
        clamped.ltvBps--;
        refused(to, abi.encodeWithSelector(Ramps.PostCondition.selector, clamped));
        same(held(), usual(), "nothing written");
        eq(nonce(), 0, "nothing spent");
    }

    function test_an_update_that_moves_nothing_is_slow_and_writes_nothing() public {
        pass(usual());
        eq(market.writes(), 0, "writes");
        (,,, uint64 affirmedAt,,,,) = guard.stateOf(ASSET);
        eq(affirmedAt, block.timestamp, "affirmed");
    }

    function test_a_fast_update_affirms_nothing() public {
        submit(lowered(0));
        (,,, uint64 affirmedAt,,,,) = guard.stateOf(ASSET);
        eq(affirmedAt, 0, "affirmed");
    }

    function test_the_guard_must_be_the_markets_guard() public {
        RiskGuard.Setup memory s = setup();
        vm.expectRevert(abi.encodeWithSelector(RiskGuard.NotBound.selector, address(guard)));
        this.deployAgain(s);
    }

    function deployAgain(RiskGuard.Setup memory s) external returns (RiskGuard) {
        return deployGuard(s);
    }
}
