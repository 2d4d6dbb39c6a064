// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Values} from "./Update.sol";

/// @title One market as a guard sees it. The adapter holds the market's right to change parameters and obeys one guard.
interface IMarket {
    error OnlyGuard();
    error NotListed(bytes32 asset);
    /// @param field What the market cannot hold as asked.
    error CannotHold(bytes32 asset, bytes32 field);

    function guard() external view returns (address);

    /// @notice What the market holds now, in the guard's units.
    function read(bytes32 asset) external view returns (Values memory);

    /// @notice The market's own price; 0 if it has no oracle.
    function price(bytes32 asset) external view returns (uint256);

    /// @notice Only the guard. Writes what differs between the two, or reverts. The guard reads back what was written.
    function write(bytes32 asset, Values calldata from, Values calldata to, bytes32 evidenceRoot) external;
}
