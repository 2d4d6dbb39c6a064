// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Moves held of one field in one direction.
uint256 constant CAPACITY = 64;

/// @title Moves of one field in one direction, summed over a true sliding window.
/// @notice A move counts while less than the window's length has passed since. Whatever interval of that length one looks
/// at, its moves were summed at its last one. A leaky bucket is not that: it refills while it is used, and lets up to twice
/// its budget through one window.
/// @dev A full ring merges a new move into the newest, which then counts as just made: more is counted, never less.
library History {
    struct Move {
        uint64 time;
        uint192 size;
    }

    struct Moves {
        uint64 first;
        uint64 count;
        Move[CAPACITY] ring;
    }

    /// No window is longer, so older moves are dropped.
    uint256 internal constant LONGEST_SECONDS = 90 days;

    function record(Moves storage self, uint256 size) internal {
        uint256 first = self.first;
        uint256 count = self.count;
        while (count > 0 && block.timestamp - self.ring[first].time >= LONGEST_SECONDS) {
            first = (first + 1) % CAPACITY;
            count--;
        }
        if (count == CAPACITY) {
            size += self.ring[(first + count - 1) % CAPACITY].size;
        } else {
            count++;
        }
        self.ring[(first + count - 1) % CAPACITY] = Move(uint64(block.timestamp), uint192(size));
        self.first = uint64(first);
        self.count = uint64(count);
    }

    /// @return sum Of the moves made less than `windowSeconds` ago.
    function since(Moves storage self, uint256 windowSeconds) internal view returns (uint256 sum) {
        uint256 first = self.first;
        for (uint256 i = self.count; i > 0; i--) {
            Move storage move = self.ring[(first + i - 1) % CAPACITY];
            if (block.timestamp - move.time >= windowSeconds) break;
            sum += move.size;
        }
    }

    /// @return time Of the newest move; 0 if there was none.
    function last(Moves storage self) internal view returns (uint256 time) {
        if (self.count > 0) time = self.ring[(self.first + self.count - 1) % CAPACITY].time;
    }
}
