// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RiskParameterRegistry} from "contracts/RiskParameterRegistry.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

interface IOwned {
    error OwnableUnauthorizedAccount(address account);
}

/// The registry's own rules, for its owner and for the guard it names alike.
contract RegistryTest is Setting {
    RiskParameterRegistry private _registry;
    uint64 private constant FAR = 4_000_000_000;

    function setUp() public override {
        vm.warp(START);
        RiskParameterRegistry.Listing[] memory listings = new RiskParameterRegistry.Listing[](2);
        listings[0] = RiskParameterRegistry.Listing("WBTC", values(2_700, 7_800, 500, 1_000_000));
        listings[1] = RiskParameterRegistry.Listing("WETH", values(2_000, 8_300, 500, 1_000_000));
        _registry = RiskParameterRegistry(create("RiskParameterRegistry", abi.encode(TIMELOCK, listings)));
    }

    function values(uint16 haircut, uint16 threshold, uint16 bonus, uint32 multiplier)
        private
        pure
        returns (RiskParameterRegistry.Values memory)
    {
        return RiskParameterRegistry.Values(haircut, threshold, bonus, multiplier);
    }

    function to(RiskParameterRegistry.Values memory v) private view returns (RiskParameterRegistry.Change[] memory one) {
        one = new RiskParameterRegistry.Change[](1);
        one[0] = RiskParameterRegistry.Change("WETH", _registry.valuesOf("WETH"), v);
    }

    function update(RiskParameterRegistry.Change[] memory changes, bytes memory reason) private {
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(TIMELOCK);
        _registry.update(changes, ROOT, FAR);
    }

    function test_owner_and_guard_update_and_nobody_else() public {
        RiskParameterRegistry.Change[] memory changes = to(values(2_100, 8_300, 500, 1_000_000));
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IOwned.OwnableUnauthorizedAccount.selector, GUARDIAN));
        _registry.update(changes, ROOT, FAR);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IOwned.OwnableUnauthorizedAccount.selector, GUARDIAN));
        _registry.setGuard(GUARDIAN);
        vm.expectEmit();
        emit RiskParameterRegistry.GuardSet(GUARDIAN);
        vm.prank(TIMELOCK);
        _registry.setGuard(GUARDIAN);
        yes(_registry.guard() == GUARDIAN, "guard");
        vm.prank(GUARDIAN);
        _registry.update(changes, ROOT, FAR);
        update(to(values(2_200, 8_300, 500, 1_000_000)), "");
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IOwned.OwnableUnauthorizedAccount.selector, GUARDIAN));
        _registry.list(new RiskParameterRegistry.Listing[](0));
    }

    function test_batches() public {
        update(new RiskParameterRegistry.Change[](0), abi.encodeWithSelector(RiskParameterRegistry.NothingToChange.selector));
        RiskParameterRegistry.Change[] memory two = new RiskParameterRegistry.Change[](2);
        two[0] = RiskParameterRegistry.Change("WETH", _registry.valuesOf("WETH"), values(2_100, 8_300, 500, 1_000_000));
        two[1] = RiskParameterRegistry.Change("WBTC", _registry.valuesOf("WBTC"), values(2_800, 7_800, 500, 1_000_000));
        update(two, abi.encodeWithSelector(RiskParameterRegistry.NotIncreasing.selector, bytes32("WBTC")));
        (two[0], two[1]) = (two[1], two[0]);
        update(two, "");
        eq(_registry.valuesOf("WBTC").haircutBps, 2_800, "first");
        eq(_registry.valuesOf("WETH").haircutBps, 2_100, "second");
        RiskParameterRegistry.Listing[] memory all = _registry.all();
        eq(all.length, 2, "all");
        yes(all[0].asset == "WBTC" && all[0].values.haircutBps == 2_800, "first of all");
        yes(all[1].asset == "WETH" && all[1].values.haircutBps == 2_100, "second of all");
        two[0] = RiskParameterRegistry.Change("WETH", _registry.valuesOf("WETH"), values(2_200, 8_300, 500, 1_000_000));
        two[1] = RiskParameterRegistry.Change("WETH", values(2_200, 8_300, 500, 1_000_000), values(2_300, 8_300, 500, 1_000_000));
        update(two, abi.encodeWithSelector(RiskParameterRegistry.NotIncreasing.selector, bytes32("WETH")));
    }

    function test_evidence_and_validity() public {
        RiskParameterRegistry.Change[] memory changes = to(values(2_100, 8_300, 500, 1_000_000));
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(RiskParameterRegistry.NoEvidence.selector));
        _registry.update(changes, 0, FAR);
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(RiskParameterRegistry.Expired.selector, START - 1, START));
        _registry.update(changes, ROOT, START - 1);
        vm.prank(TIMELOCK);
        _registry.update(changes, ROOT, START);
    }

    function test_compares_all_four_values_then_swaps() public {
        RiskParameterRegistry.Values memory now_ = values(2_000, 8_300, 500, 1_000_000);
        for (uint256 i = 0; i < 4; i++) {
            RiskParameterRegistry.Change[] memory changes = to(values(2_100, 8_300, 500, 1_000_000));
            if (i == 0) changes[0].from.haircutBps++;
            if (i == 1) changes[0].from.liquidationThresholdBps++;
            if (i == 2) changes[0].from.liquidationBonusBps++;
            if (i == 3) changes[0].from.marginMultiplierPpm++;
            update(changes, abi.encodeWithSelector(RiskParameterRegistry.StateMoved.selector, bytes32("WETH"), now_));
        }
        update(to(now_), abi.encodeWithSelector(RiskParameterRegistry.SameValues.selector, bytes32("WETH")));
    }

    function test_bounds() public {
        bytes32 weth = "WETH";
        update(to(values(10_001, 8_300, 500, 1_000_000)), abi.encodeWithSelector(RiskParameterRegistry.HaircutOutOfBounds.selector, weth, 10_001));
        update(to(values(2_000, 10_001, 0, 1_000_000)), abi.encodeWithSelector(RiskParameterRegistry.ThresholdOutOfBounds.selector, weth, 10_001));
        update(to(values(9_000, 6_000, 5_001, 1_000_000)), abi.encodeWithSelector(RiskParameterRegistry.BonusOutOfBounds.selector, weth, 5_001));
        update(to(values(2_000, 8_300, 500, 99_999)), abi.encodeWithSelector(RiskParameterRegistry.MultiplierOutOfBounds.selector, weth, 99_999));
        update(to(values(2_000, 8_300, 500, 20_000_001)), abi.encodeWithSelector(RiskParameterRegistry.MultiplierOutOfBounds.selector, weth, 20_000_001));
        update(to(values(1_699, 8_300, 500, 1_000_000)), abi.encodeWithSelector(RiskParameterRegistry.LtvAboveThreshold.selector, weth));
        update(to(values(2_000, 8_000, 2_501, 1_000_000)), abi.encodeWithSelector(RiskParameterRegistry.LiquidationUnprofitable.selector, weth));
        update(to(values(2_000, 8_300, 2_049, 1_000_000)), abi.encodeWithSelector(RiskParameterRegistry.LiquidationUnprofitable.selector, weth));
        update(to(values(10_000, 8_300, 500, 100_000)), "");
        update(to(values(1_700, 8_300, 500, 20_000_000)), "");
        update(to(values(1_700, 10_000, 0, 1_000_000)), "");
        update(to(values(2_000, 8_000, 0, 1_000_000)), "");
        update(to(values(2_000, 8_000, 2_500, 1_000_000)), "");
        update(to(values(4_000, 6_000, 2_500, 1_000_000)), "");
        update(to(values(4_000, 6_000, 5_000, 1_000_000)), "");
    }

    function test_no_higher_bonus_with_a_lower_threshold() public {
        bytes memory reason = abi.encodeWithSelector(RiskParameterRegistry.BonusWithLowerThreshold.selector, bytes32("WETH"));
        update(to(values(2_000, 8_299, 501, 1_000_000)), reason);
        update(to(values(2_000, 8_299, 500, 1_000_000)), "");
        update(to(values(2_000, 8_299, 501, 1_000_000)), "");
    }

    function test_lists_what_is_new_and_makes_sense() public {
        list("LINK", values(3_000, 7_500, 700, 1_000_000), "");
        eq(_registry.all().length, 3, "listed");
        list("LINK", values(3_000, 7_500, 700, 1_000_000), abi.encodeWithSelector(RiskParameterRegistry.AlreadyListed.selector, bytes32("LINK")));
        list(0, values(3_000, 7_500, 700, 1_000_000), abi.encodeWithSelector(RiskParameterRegistry.NotListed.selector, bytes32(0)));
        list("UNI", values(2_000, 7_500, 700, 1_000_000), abi.encodeWithSelector(RiskParameterRegistry.LtvAboveThreshold.selector, bytes32("UNI")));
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(RiskParameterRegistry.NothingToChange.selector));
        _registry.list(new RiskParameterRegistry.Listing[](0));
        vm.expectRevert(abi.encodeWithSelector(RiskParameterRegistry.NotListed.selector, bytes32("UNI")));
        _registry.valuesOf("UNI");
        RiskParameterRegistry.Change[] memory changes = new RiskParameterRegistry.Change[](1);
        changes[0] = RiskParameterRegistry.Change("UNI", values(0, 0, 0, 0), values(3_000, 7_500, 700, 1_000_000));
        update(changes, abi.encodeWithSelector(RiskParameterRegistry.NotListed.selector, bytes32("UNI")));
    }

    function list(bytes32 asset, RiskParameterRegistry.Values memory v, bytes memory reason) private {
        RiskParameterRegistry.Listing[] memory listings = new RiskParameterRegistry.Listing[](1);
        listings[0] = RiskParameterRegistry.Listing(asset, v);
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(TIMELOCK);
        _registry.list(listings);
    }
}
