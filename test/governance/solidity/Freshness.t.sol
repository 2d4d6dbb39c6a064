// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Liveness} from "contracts/guard/Liveness.sol";
import {Ramps} from "contracts/guard/Ramps.sol";
import {RiskGuard} from "contracts/guard/RiskGuard.sol";
import {Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// Young evidence, a living oracle, a world that still looks as it did.
contract FreshnessTest is Setting {
    function test_no_evidence() public {
        Update memory u = update(lowered(0));
        u.evidenceRoot = 0;
        refused(u, abi.encodeWithSelector(Liveness.NoEvidence.selector));
    }

    function test_the_deadlines_last_second() public {
        Update memory u = update(lowered(0));
        u.deadline = uint64(block.timestamp - 1);
        refused(u, abi.encodeWithSelector(Liveness.Expired.selector, u.deadline));
        u.deadline++;
        guard.submit(u, sign(u));
    }

    function test_evidence_from_the_future() public {
        Update memory u = update(lowered(0));
        u.evidenceTime++;
        refused(u, abi.encodeWithSelector(Liveness.EvidenceFromTheFuture.selector, u.evidenceTime));
    }

    function test_the_evidences_last_second() public {
        Update memory u = update(lowered(0));
        u.evidenceTime -= 3 days + 1;
        refused(u, abi.encodeWithSelector(Liveness.StaleEvidence.selector, u.evidenceTime, 3 days));
        u.evidenceTime++;
        guard.submit(u, sign(u));
    }

    function test_stale_at_execution() public {
        Update memory u = update(raised(0));
        u.evidenceTime -= 2 days;
        guard.submit(u, sign(u));
        tick(1 days + 1);
        vm.expectRevert(abi.encodeWithSelector(Liveness.StaleEvidence.selector, u.evidenceTime, 3 days));
        guard.execute(u);
    }

    function test_the_state_moved() public {
        Update memory u = update(lowered(0));
        for (uint256 field = 0; field < 6; field++) {
            market.put(ASSET, raised(field));
            refused(u, abi.encodeWithSelector(RiskGuard.StateMoved.selector, raised(field)));
        }
        market.put(ASSET, usual());
        guard.submit(u, sign(u));
    }

    function test_the_markets_price_moved_by_more_than_allowed() public {
        Update memory u = update(raised(0));
        // 2 % of the attested 2,000: 40, to the last unit.
        market.setPrice(ASSET, 2_040e8 + 1);
        refused(u, abi.encodeWithSelector(Liveness.PriceMoved.selector, PRICE, 2_040e8 + 1));
        market.setPrice(ASSET, 1_960e8 - 1);
        refused(u, abi.encodeWithSelector(Liveness.PriceMoved.selector, PRICE, 1_960e8 - 1));
        market.setPrice(ASSET, 2_040e8);
        guard.judge(u);
        market.setPrice(ASSET, 1_960e8);
        guard.judge(u);
        u.price = 0;
        refused(u, abi.encodeWithSelector(Liveness.PriceMoved.selector, 0, 1_960e8));
    }

    function test_the_feeds_price_where_the_market_has_none() public {
        market.setPrice(ASSET, 0);
        Update memory u = update(raised(0));
        guard.judge(u);
        feed.set(2_040e8 + 1, block.timestamp, block.timestamp);
        refused(u, abi.encodeWithSelector(Liveness.PriceMoved.selector, PRICE, 2_040e8 + 1));
    }

    function test_the_feed_must_be_alive() public {
        Update memory u = update(raised(0));
        feed.set(2_000e8, 0, block.timestamp - 1 hours - 1);
        refused(u, abi.encodeWithSelector(Liveness.StaleFeed.selector, block.timestamp - 1 hours - 1, 1 hours));
        feed.set(2_000e8, 0, block.timestamp - 1 hours);
        guard.judge(u);
        feed.set(2_000e8, 0, block.timestamp + 1);
        refused(u, abi.encodeWithSelector(Liveness.StaleFeed.selector, block.timestamp + 1, 1 hours));
        feed.set(0, 0, block.timestamp);
        refused(u, abi.encodeWithSelector(Liveness.BadPrice.selector, int256(0)));
        feed.set(-1, 0, block.timestamp);
        refused(u, abi.encodeWithSelector(Liveness.BadPrice.selector, int256(-1)));
        feed.set(1, 0, block.timestamp);
        guard.judge(u);
    }

    function test_the_sequencer_must_be_up_and_have_been_for_a_while() public {
        Update memory u = update(raised(0));
        sequencer.set(1, START - 2 hours, 0);
        refused(u, abi.encodeWithSelector(Liveness.SequencerDown.selector));
        sequencer.set(0, 0, 0);
        refused(u, abi.encodeWithSelector(Liveness.SequencerDown.selector));
        sequencer.set(0, block.timestamp - 1 hours + 1, 0);
        refused(u, abi.encodeWithSelector(Liveness.SequencerJustBack.selector, block.timestamp + 1));
        sequencer.set(0, block.timestamp - 1 hours, 0);
        guard.submit(u, sign(u));
    }

    function test_without_a_sequencer_none_is_asked() public {
        RiskGuard.Setup memory s = setup();
        s.sequencer = address(0);
        market.bind(address(0));
        guard = deployGuard(s);
        market.bind(address(guard));
        setPolicy(policy());
        sequencer.set(1, 0, 0);
        submit(raised(0));
    }

    function test_reducing_needs_neither_feed_nor_sequencer_nor_price() public {
        feed.set(0, 0, 0);
        sequencer.set(1, 0, 0);
        market.setPrice(ASSET, 1);
        submit(lowered(0));
        same(held(), lowered(0), "written");
    }

    function test_a_threshold_takes_no_step_while_nobody_can_defend_himself() public {
        pass(lowered(1));
        tick(1 days);
        sequencer.set(1, START - 2 hours, 0);
        vm.expectRevert(abi.encodeWithSelector(Liveness.SequencerDown.selector));
        guard.advance(ASSET);
        sequencer.set(0, block.timestamp, 0);
        vm.expectRevert(abi.encodeWithSelector(Liveness.SequencerJustBack.selector, block.timestamp + 1 hours));
        guard.advance(ASSET);
        tick(1 hours);
        guard.advance(ASSET);
        eq(held().thresholdBps, 8_290, "one step");
    }
}
