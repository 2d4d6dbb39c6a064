// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What these tests ask of forge, and no more: no library of cheat codes is needed.
interface Vm {
    function warp(uint256 time) external;
    function prank(address sender) external;
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function chainId(uint256 id) external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit() external;
    function assume(bool condition) external pure;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseBytes(string calldata text) external pure returns (bytes memory);
    function replace(string calldata text, string calldata from, string calldata to) external pure returns (string memory);
    function toString(address value) external pure returns (string memory);
    function envOr(string calldata name, string calldata otherwise) external view returns (string memory);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

abstract contract Assertions {
    error NotEqual(string what, uint256 got, uint256 wanted);
    error NotTrue(string what);

    function eq(uint256 got, uint256 wanted, string memory what) internal pure {
        if (got != wanted) revert NotEqual(what, got, wanted);
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }
}
