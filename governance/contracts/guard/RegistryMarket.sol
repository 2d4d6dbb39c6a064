// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RiskParameterRegistry} from "../RiskParameterRegistry.sol";
import {IMarket} from "./IMarket.sol";
import {Values} from "./Update.sol";

/// @title This project's registry behind a guard: margin multipliers too, so perpetual venues are covered.
/// @notice The registry's owner names this contract as its guard. It has neither caps nor an oracle: the policy's feed prices.
contract RegistryMarket is IMarket {
    uint16 private constant ONE_BPS = 10_000;

    address public immutable guard;
    RiskParameterRegistry public immutable REGISTRY;

    constructor(address guard_, RiskParameterRegistry registry) {
        guard = guard_;
        REGISTRY = registry;
    }

    function read(bytes32 asset) external view returns (Values memory) {
        RiskParameterRegistry.Values memory held = REGISTRY.valuesOf(asset);
        return Values({
            ltvBps: ONE_BPS - held.haircutBps,
            thresholdBps: held.liquidationThresholdBps,
            bonusBps: held.liquidationBonusBps,
            multiplierPpm: held.marginMultiplierPpm,
            supplyCapTokens: 0,
            borrowCapTokens: 0
        });
    }

    function price(bytes32) external pure returns (uint256) {
        return 0;
    }

    /// @dev The registry compares what it holds with `from` once more, and keeps to its own bounds.
    function write(bytes32 asset, Values calldata from, Values calldata to, bytes32 evidenceRoot) external {
        if (msg.sender != guard) revert OnlyGuard();
        RiskParameterRegistry.Change[] memory changes = new RiskParameterRegistry.Change[](1);
        changes[0] = RiskParameterRegistry.Change(asset, _values(from), _values(to));
        REGISTRY.update(changes, evidenceRoot, uint64(block.timestamp));
    }

    function _values(Values calldata values) private pure returns (RiskParameterRegistry.Values memory) {
        return RiskParameterRegistry.Values({
            haircutBps: ONE_BPS - values.ltvBps,
            liquidationThresholdBps: values.thresholdBps,
            liquidationBonusBps: values.bonusBps,
            marginMultiplierPpm: values.multiplierPpm
        });
    }
}
