// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ramp} from "contracts/guard/Controls.sol";
import {Lane, Update, Updates, Values} from "contracts/guard/Update.sol";
import {Audit} from "./Audit.sol";
import {vm} from "./Vm.sol";

/// Holds every attestor's key, and time. Some of its moves are random; the directed ones always take the largest step that
/// is allowed, in one direction, as soon as it is allowed: random ones alone never find a missing limit.
contract Adversary is Audit {
    uint256 public calls;
    uint256 public applied;
    uint256 public ground;
    uint256 public refusals;
    /// Slow updates that were executed sooner after submission than the delay.
    uint256 public hasty;

    Update private _pending;
    uint256 private _since;
    bool private _waits;

    modifier audited() {
        calls++;
        uint256 first = market.writes();
        (, uint64 leaseUntil,,,,, Ramp memory ramp,) = guard.stateOf(ASSET);
        bool stopped = guard.paused() || block.timestamp > leaseUntil;
        _;
        audit(first, ramp.decay && msg.sig == this.advance.selector || msg.sig == this.decay.selector, stopped);
    }

    // ---- directed

    /// The largest move of one field in one direction that the guard takes now, the whole way.
    function grind(uint8 field, bool up) external audited {
        climb(field % 6, up);
    }

    /// The same, but leaves a slow update waiting.
    function begin(uint8 field, bool up) external audited {
        Update memory u = largest(field % 6, up);
        if (!equal(u.from, u.to)) send(u);
    }

    function finish() external audited {
        conclude();
    }

    function hurry(uint256 seconds_) external audited {
        if (!_waits) return;
        tick(seconds_ % 1 days);
        run();
    }

    function advance() external audited {
        (,,,,,, Ramp memory ramp,) = guard.stateOf(ASSET);
        if (ramp.running && block.timestamp < ramp.nextAt) tick(ramp.nextAt - block.timestamp);
        try guard.advance(ASSET) {
            applied++;
        } catch {
            refusals++;
        }
    }

    function decay() external audited {
        try guard.decay(ASSET) {
            applied++;
        } catch {
            refusals++;
        }
    }

    // ---- random

    /// Any values near those held, signed; mostly refused.
    function anything(uint256 seed) external audited {
        Values memory to = held();
        for (uint256 field = 0; field < 6; field++) {
            uint256 draw = uint256(keccak256(abi.encode(seed, field)));
            if (draw % 3 != 0) continue;
            uint256 most = field == 3 ? 250_000 : field > 3 ? 120_000 : 60;
            to = moved(to, field, draw >> 8 & 1 == 0, (draw >> 16) % most);
        }
        Update memory u = update(to);
        u.maxNewlyLiquidatable = uint32(seed % 5);
        send(u);
    }

    function reaffirm() external audited {
        send(update(held()));
    }

    function pass_(uint256 seconds_) external audited {
        tick(seconds_ % 12 days);
    }

    function veto() external audited {
        vm.prank(GUARDIAN);
        guard.veto(ASSET);
        _waits = false;
    }

    function pause(uint256 seed) external audited {
        vm.prank(GUARDIAN);
        guard.pause();
        if (seed % 8 > 0) resume();
    }

    function renew(uint256 seed) external audited {
        if (guard.paused()) resume();
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp + (seed % 8 == 0 ? 0 : 180 days)));
    }

    // ---- by hand, for tests that say how often and how long

    function climb(uint256 field, bool up) public returns (uint256 size) {
        conclude();
        (,, uint64 vetoedUntil,,,,,) = guard.stateOf(ASSET);
        if (block.timestamp < vetoedUntil) tick(vetoedUntil - block.timestamp);
        Update memory u = largest(field, up);
        if (equal(u.from, u.to)) return 0;
        if (!send(u)) return 0;
        conclude();
        ground++;
        uint256[6] memory a = Updates.list(u.from);
        uint256[6] memory b = Updates.list(u.to);
        return up ? b[field] - a[field] : a[field] - b[field];
    }

    function tickBy(uint256 seconds_) external {
        tick(seconds_);
    }

    function renewLease() external {
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp + 180 days));
    }

    function marketWrites() external view returns (uint256) {
        return market.writes();
    }

    function auditAll() external {
        audit(0, false, false);
    }

    function value(uint256 field) external view returns (uint256) {
        return Updates.list(held())[field];
    }

    function largest(uint256 field, bool up) private view returns (Update memory u) {
        u = update(held());
        uint256 low;
        uint256 high = field == 3 ? 250_000 : field > 3 ? 500_000 : field == 0 ? 1_100 : 60;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            u.to = moved(u.from, field, up, middle);
            if (takes(u)) low = middle;
            else high = middle - 1;
        }
        u.to = moved(u.from, field, up, low);
    }

    function moved(Values memory v, uint256 field, bool up, uint256 by) private pure returns (Values memory) {
        uint256[6] memory list = Updates.list(v);
        list[field] = up ? list[field] + by : by > list[field] ? 0 : list[field] - by;
        return Updates.pack(list);
    }

    function takes(Update memory u) private view returns (bool) {
        try guard.judge(u) {
            return true;
        } catch {
            return false;
        }
    }

    function send(Update memory u) private returns (bool) {
        try guard.submit(u, sign(u)) returns (Lane lane) {
            _waits = lane == Lane.Slow;
            (_pending, _since) = (u, block.timestamp);
            if (lane == Lane.Fast) applied++;
            return true;
        } catch {
            refusals++;
            return false;
        }
    }

    function conclude() private {
        if (!_waits) return;
        if (block.timestamp < _since + 1 days) tick(_since + 1 days - block.timestamp);
        run();
    }

    function run() private {
        try guard.execute(_pending) {
            applied++;
            if (block.timestamp < _since + 1 days) hasty++;
            _waits = false;
        } catch {
            refusals++;
        }
    }

    function resume() private {
        vm.prank(TIMELOCK);
        guard.unpause();
    }

    function equal(Values memory a, Values memory b) private pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }
}
