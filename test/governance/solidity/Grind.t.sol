// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Adversary} from "./Adversary.sol";
import {Assertions} from "./Vm.sol";

/// One direction, the largest step, as soon as allowed, for months: reaches the bound and never passes it.
contract GrindTest is Assertions {
    Adversary private _adversary;

    function setUp() public {
        _adversary = new Adversary();
        _adversary.setUp();
    }

    /// Every six hours the largest step of threshold and LTV that is allowed then.
    function grind(uint256 days_) private returns (uint256 moved, uint256 calls) {
        uint256 end = block.timestamp + days_ * 1 days;
        while (block.timestamp < end) {
            calls += 2;
            _adversary.climb(1, true);
            moved += _adversary.climb(0, true);
            _adversary.tickBy(6 hours);
            _adversary.renewLease();
        }
    }

    /// Ten points of LTV were wanted.
    function test_30_days_of_raising_the_LTV_give_the_budget_and_no_more() public {
        (uint256 moved, uint256 calls) = grind(30);
        eq(moved, 150, "all of the budget");
        yes(calls > 100, "calls");
        _adversary.auditAll();
        eq(_adversary.mostLtvRaised(), 150, "in any 30 days");
        eq(_adversary.violations(), 0, "violations");
    }

    function test_a_year_of_it_ends_at_the_corridor_and_passes_no_window() public {
        grind(365);
        _adversary.auditAll();
        eq(_adversary.violations(), 0, "violations");
        eq(_adversary.mostLtvRaised(), 150, "in any 30 days");
        eq(_adversary.value(0), 8_300, "the corridor's end");
        eq(_adversary.value(1), 8_600, "the corridor's end");
    }

    /// The same downwards, for borrowers: 120 bps in any 30 days, by steps of 10 a day.
    function test_a_year_of_lowering_the_threshold() public {
        uint256 end = block.timestamp + 365 days;
        while (block.timestamp < end) {
            _adversary.climb(0, false);
            _adversary.climb(1, false);
            _adversary.advance();
            _adversary.tickBy(6 hours);
            _adversary.renewLease();
        }
        eq(_adversary.violations(), 0, "violations");
        eq(_adversary.value(1), 7_900, "the corridor's end");
    }
}
