// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "contracts/guard/IMarket.sol";
import {Values} from "contracts/guard/Update.sol";

struct Written {
    uint256 time;
    Values from;
    Values to;
}

/// A market in memory that can be moved behind the guard's back, priced, and told to lie.
contract Market is IMarket {
    address private _guard;
    mapping(bytes32 asset => Values) private _held;
    mapping(bytes32 asset => uint256) public price;
    /// Every write, for whoever wants to add them up.
    Written[] private _log;
    /// Writes one basis point of LTV less than asked: what a clamp would do.
    bool public clamps;

    function bind(address guard_) external {
        _guard = guard_;
    }

    /// Until it is bound it belongs to whoever asks: a guard under construction.
    function guard() public view returns (address) {
        return _guard == address(0) ? msg.sender : _guard;
    }

    function put(bytes32 asset, Values calldata values) external {
        _held[asset] = values;
    }

    function setPrice(bytes32 asset, uint256 price_) external {
        price[asset] = price_;
    }

    function clamp() external {
        clamps = true;
    }

    function read(bytes32 asset) external view returns (Values memory) {
        return _held[asset];
    }

    function write(bytes32 asset, Values calldata from, Values calldata to, bytes32 evidenceRoot) external {
        require(msg.sender == guard(), "not the guard");
        require(evidenceRoot != 0, "no root");
        require(keccak256(abi.encode(_held[asset])) == keccak256(abi.encode(from)), "from");
        require(keccak256(abi.encode(from)) != keccak256(abi.encode(to)), "nothing");
        _held[asset] = to;
        if (clamps) _held[asset].ltvBps--;
        _log.push(Written(block.timestamp, from, to));
    }

    function writes() external view returns (uint256) {
        return _log.length;
    }

    function written(uint256 index) external view returns (Written memory) {
        return _log[index];
    }
}

/// A price feed, and in another place a sequencer's uptime feed.
contract Feed {
    int256 public answer;
    uint256 public startedAt;
    uint256 public updatedAt;

    function set(int256 answer_, uint256 startedAt_, uint256 updatedAt_) external {
        (answer, startedAt, updatedAt) = (answer_, startedAt_, updatedAt_);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, answer, startedAt, updatedAt, 1);
    }
}

/// A contract that signs (ERC-1271): takes the bytes "yes", as long as it is open.
contract Wallet {
    bool public closed;

    function close() external {
        closed = true;
    }

    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        return !closed && keccak256(signature) == keccak256("yes") ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}
