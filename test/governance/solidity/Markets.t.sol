// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AaveV3Market} from "contracts/guard/AaveV3Market.sol";
import {IMarket} from "contracts/guard/IMarket.sol";
import {RegistryMarket} from "contracts/guard/RegistryMarket.sol";
import {Values} from "contracts/guard/Update.sol";
import {RiskParameterRegistry} from "contracts/RiskParameterRegistry.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// Provider, pool, configurator and oracle of an Aave v3 market in one, with ReserveConfiguration's bits. The real ones are
/// behind the same adapter in `test/governance/guard/aave.test.ts`.
contract AaveStandIn {
    mapping(address asset => uint256) public getConfiguration;
    uint256 public calls;

    function getPool() external view returns (address) {
        return address(this);
    }

    function getPoolConfigurator() external view returns (address) {
        return address(this);
    }

    function getPriceOracle() external view returns (address) {
        return address(this);
    }

    function getAssetPrice(address asset) external pure returns (uint256) {
        return asset == address(0xA) ? 2_000e8 : 0;
    }

    /// Decimals in bits 48 and active in bit 56: what a listed reserve has besides.
    function list(address asset) external {
        getConfiguration[asset] = uint256(18) << 48 | uint256(1) << 56 | uint256(777) << 168;
    }

    function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external {
        uint256 rest = getConfiguration[asset] >> 48 << 48;
        getConfiguration[asset] = rest | ltv | threshold << 16 | bonus << 32;
        calls++;
    }

    function setBorrowCap(address asset, uint256 cap) external {
        getConfiguration[asset] = getConfiguration[asset] & ~(uint256(2 ** 36 - 1) << 80) | cap << 80;
        calls++;
    }

    function setSupplyCap(address asset, uint256 cap) external {
        getConfiguration[asset] = getConfiguration[asset] & ~(uint256(2 ** 36 - 1) << 116) | cap << 116;
        calls++;
    }
}

contract AaveMarketTest is Setting {
    bytes32 private constant KEY = bytes32(uint256(0xA));
    uint64 private constant LARGEST = 2 ** 36 - 1;
    AaveStandIn private _aave;
    AaveV3Market private _adapter;

    function setUp() public override {
        _aave = new AaveStandIn();
        _aave.list(address(0xA));
        _adapter = AaveV3Market(create("AaveV3Market", abi.encode(address(this), address(_aave))));
    }

    function write(Values memory to) private {
        _adapter.write(KEY, _adapter.read(KEY), to, ROOT);
    }

    function test_reads_bonus_in_its_own_unit_and_no_cap_as_the_largest() public {
        same(_adapter.read(KEY), Values(0, 0, 0, 0, UNCAPPED, UNCAPPED), "just listed");
        _aave.configureReserveAsCollateral(address(0xA), 8_000, 8_300, 10_500);
        _aave.setSupplyCap(address(0xA), LARGEST);
        _aave.setBorrowCap(address(0xA), 12);
        same(_adapter.read(KEY), Values(8_000, 8_300, 500, 0, LARGEST, 12), "read");
        eq(_adapter.price(KEY), 2_000e8, "price");
    }

    function test_writes_what_it_reads() public {
        Values memory to = Values(7_900, 8_290, 510, 0, 500, LARGEST);
        write(to);
        same(_adapter.read(KEY), to, "held");
        eq(_aave.getConfiguration(address(0xA)) >> 32 & 0xffff, 10_510, "Aave's form");
        eq(_aave.getConfiguration(address(0xA)) >> 168, 777, "the rest is left alone");
        eq(_aave.calls(), 3, "calls");
    }

    function test_calls_only_what_it_must() public {
        Values memory to = Values(7_900, 8_290, 510, 0, 500, 600);
        write(to);
        for (uint256 i = 0; i < 5; i++) {
            to = Values(7_900, 8_290, 510, 0, 500, 600);
            if (i == 0) to.ltvBps--;
            if (i == 1) to.thresholdBps--;
            if (i == 2) to.bonusBps--;
            if (i == 3) to.supplyCapTokens--;
            if (i == 4) to.borrowCapTokens--;
            uint256 calls = _aave.calls();
            write(to);
            eq(_aave.calls(), calls + 1, "one call");
            same(_adapter.read(KEY), to, "held");
            write(Values(7_900, 8_290, 510, 0, 500, 600));
        }
    }

    function test_lifts_no_cap_and_cuts_none() public {
        uint64[3] memory caps = [0, LARGEST + 1, UNCAPPED];
        for (uint256 i = 0; i < 3; i++) {
            Values memory to = Values(0, 0, 0, 0, caps[i] == UNCAPPED ? 1 : caps[i], UNCAPPED);
            if (caps[i] == UNCAPPED) to.borrowCapTokens = 0;
            vm.expectRevert(
                abi.encodeWithSelector(
                    IMarket.CannotHold.selector, KEY, bytes32(caps[i] == UNCAPPED ? bytes32("borrowCapTokens") : bytes32("supplyCapTokens"))
                )
            );
            this.asGuard(to);
        }
        write(Values(0, 0, 0, 0, LARGEST, 1));
    }

    function asGuard(Values memory to) external {
        _adapter.write(KEY, Values(0, 0, 0, 0, UNCAPPED, UNCAPPED), to, ROOT);
    }

    function test_obeys_its_guard_only() public {
        yes(_adapter.guard() == address(this), "guard");
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.OnlyGuard.selector));
        _adapter.write(KEY, usual(), usual(), ROOT);
    }

    function test_knows_addresses_of_listed_reserves_only() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotListed.selector, bytes32(uint256(0xB))));
        _adapter.read(bytes32(uint256(0xB)));
        bytes32 dirty = bytes32(uint256(0xA) | 1 << 160);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotListed.selector, dirty));
        _adapter.read(dirty);
    }
}

contract RegistryMarketTest is Setting {
    RiskParameterRegistry private _registry;
    RegistryMarket private _adapter;

    function setUp() public override {
        RiskParameterRegistry.Listing[] memory listings = new RiskParameterRegistry.Listing[](1);
        listings[0] = RiskParameterRegistry.Listing(ASSET, RiskParameterRegistry.Values(2_000, 8_300, 500, 1_250_000));
        _registry = RiskParameterRegistry(create("RiskParameterRegistry", abi.encode(TIMELOCK, listings)));
        _adapter = RegistryMarket(create("RegistryMarket", abi.encode(address(this), address(_registry))));
        vm.prank(TIMELOCK);
        _registry.setGuard(address(_adapter));
    }

    function test_reads_and_writes() public {
        Values memory from = _adapter.read(ASSET);
        same(from, Values(8_000, 8_300, 500, 1_250_000, 0, 0), "read");
        Values memory to = Values(7_900, 8_290, 490, 1_300_000, 0, 0);
        vm.expectEmit();
        emit RiskParameterRegistry.ParametersChanged(
            ASSET,
            ROOT,
            RiskParameterRegistry.Values(2_000, 8_300, 500, 1_250_000),
            RiskParameterRegistry.Values(2_100, 8_290, 490, 1_300_000)
        );
        _adapter.write(ASSET, from, to, ROOT);
        same(_adapter.read(ASSET), to, "held");
        eq(_adapter.price(ASSET), 0, "no oracle");
    }

    function test_obeys_its_guard_only() public {
        yes(_adapter.guard() == address(this), "guard");
        Values memory from = _adapter.read(ASSET);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.OnlyGuard.selector));
        _adapter.write(ASSET, from, from, ROOT);
    }
}
