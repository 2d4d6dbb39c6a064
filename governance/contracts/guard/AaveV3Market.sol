// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "./IMarket.sol";
import {Values} from "./Update.sol";

interface IAaveAddressesProvider {
    function getPool() external view returns (address);
    function getPoolConfigurator() external view returns (address);
    function getPriceOracle() external view returns (address);
}

interface IAavePool {
    function getConfiguration(address asset) external view returns (uint256 bitmap);
}

interface IAavePoolConfigurator {
    function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external;
    function setSupplyCap(address asset, uint256 cap) external;
    function setBorrowCap(address asset, uint256 cap) external;
}

interface IAaveOracle {
    function getAssetPrice(address asset) external view returns (uint256);
}

/// @title An Aave v3 market behind a guard. Governance gives this contract RISK_ADMIN, and no more.
/// @notice An asset's key is its address in the low 20 bytes. Aave writes a bonus of 5 % as 10500, and a cap of 0 for none.
/// eModes have thresholds of their own, which this does not touch.
contract AaveV3Market is IMarket {
    uint256 private constant ONE_BPS = 10_000;
    uint64 private constant UNCAPPED = type(uint64).max;
    /// ReserveConfiguration's bits for caps.
    uint64 private constant LARGEST_CAP = 2 ** 36 - 1;

    address public immutable guard;
    IAaveAddressesProvider public immutable PROVIDER;

    constructor(address guard_, IAaveAddressesProvider provider) {
        guard = guard_;
        PROVIDER = provider;
    }

    function read(bytes32 asset) external view returns (Values memory) {
        uint256 bitmap = IAavePool(PROVIDER.getPool()).getConfiguration(_address(asset));
        if (bitmap == 0) revert NotListed(asset);
        uint16 bonus = uint16(bitmap >> 32);
        return Values({
            ltvBps: uint16(bitmap),
            thresholdBps: uint16(bitmap >> 16),
            bonusBps: bonus == 0 ? 0 : bonus - uint16(ONE_BPS),
            multiplierPpm: 0,
            borrowCapTokens: _fromCap(bitmap >> 80),
            supplyCapTokens: _fromCap(bitmap >> 116)
        });
    }

    function price(bytes32 asset) external view returns (uint256) {
        return IAaveOracle(PROVIDER.getPriceOracle()).getAssetPrice(_address(asset));
    }

    function write(bytes32 asset, Values calldata from, Values calldata to, bytes32) external {
        if (msg.sender != guard) revert OnlyGuard();
        IAavePoolConfigurator configurator = IAavePoolConfigurator(PROVIDER.getPoolConfigurator());
        address token = _address(asset);
        if (from.ltvBps != to.ltvBps || from.thresholdBps != to.thresholdBps || from.bonusBps != to.bonusBps) {
            configurator.configureReserveAsCollateral(token, to.ltvBps, to.thresholdBps, ONE_BPS + to.bonusBps);
        }
        if (from.supplyCapTokens != to.supplyCapTokens) {
            configurator.setSupplyCap(token, _toCap(asset, to.supplyCapTokens, "supplyCapTokens"));
        }
        if (from.borrowCapTokens != to.borrowCapTokens) {
            configurator.setBorrowCap(token, _toCap(asset, to.borrowCapTokens, "borrowCapTokens"));
        }
    }

    function _address(bytes32 asset) private pure returns (address) {
        if (uint256(asset) >> 160 != 0) revert NotListed(asset);
        return address(uint160(uint256(asset)));
    }

    function _fromCap(uint256 bits) private pure returns (uint64) {
        uint64 cap = uint64(bits & LARGEST_CAP);
        return cap == 0 ? UNCAPPED : cap;
    }

    /// 0 would lift the cap, and none is what the guard never grants.
    function _toCap(bytes32 asset, uint64 cap, bytes32 field) private pure returns (uint256) {
        if (cap == 0 || cap > LARGEST_CAP) revert CannotHold(asset, field);
        return cap;
    }
}
