// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Adversary} from "./Adversary.sol";
import {Assertions, vm} from "./Vm.sol";

/// What no sequence of calls may do, with every attestor's key in the attacker's hand.
contract InvariantsTest is Assertions {
    Adversary private _adversary;

    function setUp() public {
        _adversary = new Adversary();
        _adversary.setUp();
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(_adversary);
    }

    struct Selectors {
        address target;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (Selectors[] memory list) {
        list = new Selectors[](1);
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = Adversary.grind.selector;
        selectors[1] = Adversary.begin.selector;
        selectors[2] = Adversary.finish.selector;
        selectors[3] = Adversary.hurry.selector;
        selectors[4] = Adversary.advance.selector;
        selectors[5] = Adversary.decay.selector;
        selectors[6] = Adversary.anything.selector;
        selectors[7] = Adversary.reaffirm.selector;
        selectors[8] = Adversary.pass_.selector;
        selectors[9] = Adversary.veto.selector;
        selectors[10] = Adversary.pause.selector;
        selectors[11] = Adversary.renew.selector;
        list[0] = Selectors(address(_adversary), selectors);
    }

    /// Steps, budgets of every window, walls, corridor, gap, product, ramps, pause, lease, the liquidator's combination.
    function invariant_no_rule_is_ever_broken() external view {
        eq(_adversary.overBudget(), 0, "over budget");
        eq(_adversary.overStep(), 0, "over step");
        eq(_adversary.outsideWalls(), 0, "outside walls");
        eq(_adversary.outsideCorridor(), 0, "outside corridor");
        eq(_adversary.unsafePairs(), 0, "unsafe pairs");
        eq(_adversary.steepRamps(), 0, "steep ramps");
        eq(_adversary.whileStopped(), 0, "while stopped");
        eq(_adversary.combinations(), 0, "combinations");
        eq(_adversary.unchained(), 0, "unchained");
        eq(_adversary.loosenedByDecay(), 0, "loosened by decay");
        eq(_adversary.hasty(), 0, "before the delay");
    }

    /// Ten points of LTV are wanted; in 30 days there are never more than the budget's 1.5.
    function invariant_ten_points_never_come_through() external view {
        yes(_adversary.mostLtvRaised() <= 150, "LTV raised within 30 days");
    }

    /// A run in which nothing was applied shows nothing.
    function afterInvariant() external view {
        yes(_adversary.applied() > 0, "applied");
        yes(_adversary.ground() > 0, "ground");
        yes(_adversary.marketWrites() > 0, "written");
    }
}
