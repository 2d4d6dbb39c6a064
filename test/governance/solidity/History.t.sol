// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Limits} from "contracts/guard/Limits.sol";
import {Budget, Policy} from "contracts/guard/Policy.sol";
import {Field, Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// The sliding window, by way of caps lowered in the fast lane: a move a call, at any time.
contract HistoryTest is Setting {
    struct Made {
        uint256 time;
        uint256 size;
    }

    Made[] private _made;

    function setUp() public override {
        super.setUp();
        Policy memory p = policy();
        p.fields[4].below = UNCAPPED;
        setPolicy(p);
    }

    function lower(uint64 by) internal {
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp));
        Values memory to = held();
        to.supplyCapTokens -= by;
        submit(to);
        _made.push(Made(block.timestamp, by));
    }

    function moved(uint256 window) internal view returns (uint256 sum) {
        (sum,) = guard.movedOf(ASSET, Field.SupplyCap, false, window);
    }

    function naive(uint256 window) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < _made.length; i++) if (block.timestamp - _made[i].time < window) sum += _made[i].size;
    }

    function test_a_move_counts_up_to_the_windows_last_second() public {
        lower(7);
        eq(moved(10), 7, "now");
        tick(9);
        eq(moved(10), 7, "last second");
        tick(1);
        eq(moved(10), 0, "after");
        (uint256 sum, uint256 last) = guard.movedOf(ASSET, Field.SupplyCap, false, 11);
        eq(sum, 7, "wider");
        eq(last, block.timestamp - 10, "last");
    }

    function test_directions_and_fields_are_apart() public {
        lower(7);
        (uint256 up, uint256 lastUp) = guard.movedOf(ASSET, Field.SupplyCap, true, 90 days);
        (uint256 other, uint256 lastOther) = guard.movedOf(ASSET, Field.BorrowCap, false, 90 days);
        eq(up + other + lastUp + lastOther, 0, "nothing");
    }

    function test_many_moves_are_all_counted() public {
        for (uint64 i = 1; i <= 64; i++) {
            lower(i);
            tick(1 hours);
        }
        for (uint256 hours_ = 1; hours_ < 70; hours_ += 3) eq(moved(hours_ * 1 hours), naive(hours_ * 1 hours), "window");
    }

    function test_a_full_ring_counts_more_and_never_less() public {
        for (uint64 i = 1; i <= 80; i++) {
            lower(i);
            tick(1 hours);
        }
        eq(moved(90 days), 81 * 40, "all of it");
        for (uint256 hours_ = 1; hours_ < 90; hours_ += 3) {
            yes(moved(hours_ * 1 hours) >= naive(hours_ * 1 hours), "at least");
        }
        // 63 stand alone, the newest holds moves 64 to 80.
        eq(moved(2 hours), (64 + 80) * 17 / 2, "merged into the newest");
        eq(moved(1 hours), 0, "not yet in the newest hour");
    }

    function test_places_of_what_is_too_old_are_used_again() public {
        for (uint64 i = 1; i <= 64; i++) lower(1);
        tick(90 days - 1);
        lower(5);
        // Full: merged with the newest of the old ones.
        eq(moved(90 days), 69, "merged");
        tick(1);
        lower(3);
        eq(moved(90 days), 9, "old ones went, the merged one did not");
        for (uint64 i = 0; i < 62; i++) {
            tick(1 hours);
            lower(2);
        }
        eq(moved(90 days), 9 + 124, "64 again");
        tick(1 hours);
        lower(4);
        eq(moved(90 days), 9 + 124 + 4, "and one merged");
        eq(moved(1 hours), 6, "with the newest");
    }

    function testFuzz_equals_the_naive_sum(uint256 seed) public {
        for (uint256 i = 0; i < 20; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            lower(uint64(1 + seed % 1_000));
            tick((seed >> 64) % (seed >> 128 & 1 == 0 ? 2 days : 20 days));
            uint256 window = 1 + (seed >> 192) % 90 days;
            eq(moved(window), naive(window), "window");
        }
    }
}
