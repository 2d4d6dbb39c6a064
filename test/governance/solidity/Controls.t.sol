// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation} from "contracts/guard/Attestors.sol";
import {Controls, Pending, Ramp} from "contracts/guard/Controls.sol";
import {Limits} from "contracts/guard/Limits.sol";
import {Policies} from "contracts/guard/Policies.sol";
import {Budget, Policy} from "contracts/guard/Policy.sol";
import {Ramps} from "contracts/guard/Ramps.sol";
import {RiskGuard} from "contracts/guard/RiskGuard.sol";
import {Update, Values} from "contracts/guard/Update.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

interface IOwnable2Step {
    error OwnableUnauthorizedAccount(address account);
    error OwnableInvalidOwner(address owner);

    function owner() external view returns (address);
    function transferOwnership(address) external;
    function acceptOwnership() external;
}

/// Who may limit, who may stop, and that neither may act.
contract ControlsTest is Setting {
    function test_only_the_guardian_stops() public {
        address[3] memory others = [STRANGER, TIMELOCK, vm.addr(keys[0])];
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Controls.OnlyGuardian.selector));
            guard.pause();
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Controls.OnlyGuardian.selector));
            guard.veto(ASSET);
        }
    }

    function test_only_the_timelock_limits_and_unpauses() public {
        address[] memory signers = guard.attestors();
        address[2] memory others = [STRANGER, GUARDIAN];
        for (uint256 i = 0; i < 2; i++) {
            bytes memory reason = abi.encodeWithSelector(IOwnable2Step.OwnableUnauthorizedAccount.selector, others[i]);
            denied(others[i], reason, abi.encodeCall(guard.unpause, ()));
            denied(others[i], reason, abi.encodeCall(guard.setGuardian, (others[i])));
            denied(others[i], reason, abi.encodeCall(guard.setAttestors, (signers, 1)));
            denied(others[i], reason, abi.encodeCall(guard.setPolicy, (ASSET, policy(), uint64(block.timestamp))));
            denied(others[i], reason, abi.encodeCall(guard.renewLease, (ASSET, uint64(block.timestamp))));
        }
    }

    function test_pause_stops_everything_signed() public {
        Update memory waits = submit(raised(0));
        vm.expectEmit();
        emit Controls.Paused();
        vm.prank(GUARDIAN);
        guard.pause();
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(Controls.IsPaused.selector));
        guard.execute(waits);
        refused(lowered(0), abi.encodeWithSelector(Controls.IsPaused.selector));
        vm.expectEmit();
        emit Controls.Unpaused();
        vm.prank(TIMELOCK);
        guard.unpause();
        guard.execute(waits);
    }

    function test_veto_ends_what_waits_and_spends_the_next_nonce() public {
        Update memory waits = submit(raised(0));
        Update memory signed = update(lowered(4));
        vm.expectEmit();
        emit Controls.Vetoed(ASSET, guard.digestOf(waits), 2, uint64(block.timestamp + 2 days));
        vm.prank(GUARDIAN);
        guard.veto(ASSET);
        tick(1 days);
        bytes memory reason = abi.encodeWithSelector(RiskGuard.NotPending.selector, guard.digestOf(waits));
        vm.expectRevert(reason);
        guard.execute(waits);
        refused(signed, abi.encodeWithSelector(RiskGuard.BadNonce.selector, 1, 2));
    }

    function test_after_a_veto_nothing_slow_comes_for_a_while() public {
        vm.prank(GUARDIAN);
        guard.veto(ASSET);
        uint256 until = block.timestamp + 2 days;
        refused(raised(0), abi.encodeWithSelector(RiskGuard.CoolingAfterVeto.selector, until));
        tick(2 days - 1);
        refused(raised(0), abi.encodeWithSelector(RiskGuard.CoolingAfterVeto.selector, until));
        // Reducing need not wait.
        submit(lowered(5));
        tick(1);
        Values memory to = held();
        to.ltvBps += 50;
        submit(to);
    }

    function test_veto_ends_a_signed_ramp() public {
        pass(lowered(1));
        vm.prank(GUARDIAN);
        guard.veto(ASSET);
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NoRamp.selector, ASSET));
        guard.advance(ASSET);
    }

    function test_a_new_policy_ends_what_waits_and_what_ramps_and_voids_what_is_signed() public {
        Update memory waits = submit(raised(0));
        Policy memory p = policy();
        p.maxNewlyLiquidatable = 2;
        Update memory signed = update(lowered(0));
        setPolicy(p);
        tick(1 days);
        bytes memory reason = abi.encodeWithSelector(RiskGuard.NotPending.selector, guard.digestOf(waits));
        vm.expectRevert(reason);
        guard.execute(waits);
        refused(signed, abi.encodeWithSelector(RiskGuard.PolicyChanged.selector, signed.policyHash, guard.policyHashOf(p)));
        pass(lowered(1));
        setPolicy(p);
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.NoRamp.selector, ASSET));
        guard.advance(ASSET);
    }

    function test_a_new_policy_forgets_no_moves() public {
        pass(raised(0));
        setPolicy(policy());
        tick(3 days);
        Values memory to = raised(0);
        to.ltvBps += 26;
        refused(to, abi.encodeWithSelector(Limits.BudgetSpent.selector, 0, 7 days, 26, 25));
    }

    function test_the_lease_ends() public {
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp + 10));
        Update memory waits = submit(raised(0));
        tick(10);
        guard.judge(update(lowered(0)));
        tick(1);
        refused(lowered(0), abi.encodeWithSelector(Ramps.LeaseExpired.selector, block.timestamp - 1));
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(Ramps.LeaseExpired.selector, START + 10));
        guard.execute(waits);
        vm.expectEmit();
        emit Controls.LeaseRenewed(ASSET, uint64(block.timestamp + 1));
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, uint64(block.timestamp + 1));
        guard.execute(waits);
    }

    function test_a_lease_has_a_longest() public {
        uint64 longest = uint64(block.timestamp + 180 days);
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(Controls.BadLease.selector, longest + 1));
        guard.renewLease(ASSET, longest + 1);
        vm.prank(TIMELOCK);
        guard.renewLease(ASSET, longest);
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(Controls.BadLease.selector, longest + 1));
        guard.setPolicy(ASSET, policy(), longest + 1);
    }

    function test_an_asset_without_a_policy_is_nobodys() public {
        Update memory u = update(lowered(0));
        u.asset = "WBTC";
        (u.nonce, u.policyHash) = (0, 0);
        refused(u, abi.encodeWithSelector(Controls.NoPolicy.selector, bytes32("WBTC")));
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(Controls.NoPolicy.selector, bytes32("WBTC")));
        guard.renewLease("WBTC", uint64(block.timestamp));
    }

    function test_the_policys_hash_is_that_of_its_encoding_and_the_policy_is_kept_whole() public {
        Policy memory p = policy();
        vm.expectEmit();
        emit Controls.PolicySet(ASSET, keccak256(abi.encode(p)), p);
        setPolicy(p);
        (,,,, bytes32 policyHash,,,) = guard.stateOf(ASSET);
        yes(policyHash == keccak256(abi.encode(p)), "hash");
        yes(keccak256(abi.encode(guard.policyOf(ASSET))) == policyHash, "kept");
    }

    function test_a_guardian_is_somebody() public {
        vm.prank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(Controls.ZeroGuardian.selector));
        guard.setGuardian(address(0));
        RiskGuard.Setup memory s = setup();
        s.guardian = address(0);
        vm.expectRevert(abi.encodeWithSelector(Controls.ZeroGuardian.selector));
        this.deployAgain(s);
        s.guardian = GUARDIAN;
        s.timelock = address(0);
        vm.expectRevert(abi.encodeWithSelector(IOwnable2Step.OwnableInvalidOwner.selector, address(0)));
        this.deployAgain(s);
        vm.expectEmit();
        emit Controls.GuardianSet(STRANGER);
        vm.prank(TIMELOCK);
        guard.setGuardian(STRANGER);
        vm.prank(STRANGER);
        guard.pause();
        yes(guard.paused(), "paused");
    }

    function test_ownership_moves_in_two_steps() public {
        IOwnable2Step owned = IOwnable2Step(address(guard));
        yes(owned.owner() == TIMELOCK, "owner");
        vm.prank(TIMELOCK);
        owned.transferOwnership(STRANGER);
        yes(owned.owner() == TIMELOCK, "still");
        vm.prank(STRANGER);
        owned.acceptOwnership();
        yes(owned.owner() == STRANGER, "now");
    }

    function test_a_policy_must_mean_something() public {
        setPolicy(policy());
        for (uint256 i = 0; i < 20; i++) {
            Policy memory p = policy();
            bytes32 what;
            if (i == 0) (p.source, what) = (0, "source");
            if (i == 1) (p.feed, what) = (address(0), "feed");
            if (i == 2) (p.heartbeatSeconds, what) = (0, "heartbeatSeconds");
            if (i == 3) (p.delaySeconds, what) = (1 hours - 1, "delaySeconds");
            if (i == 4) (p.maxEvidenceAgeSeconds, what) = (1 days, "maxEvidenceAgeSeconds");
            if (i == 5) (p.affirmSeconds, what) = (0, "affirmSeconds");
            if (i == 6) (p.rampIntervalSeconds, what) = (0, "rampIntervalSeconds");
            if (i == 7) (p.rampStepBps, what) = (0, "rampStepBps");
            if (i == 8) (p.rampStepPpm, what) = (0, "rampStepPpm");
            if (i == 9) (p.bufferBps, what) = (10_001, "bufferBps");
            if (i == 10) (p.fields[2].min, what) = (0, "wall");
            if (i == 11) (p.fields[2].min, what) = (501, "wall");
            if (i == 12) (p.fields[2].max, what) = (499, "wall");
            if (i == 13) (p.fields[5].cooldownSeconds, what) = (90 days + 1, "cooldownSeconds");
            if (i == 14) (p.fields[0].budgets[0].windowSeconds, what) = (0, "budget");
            if (i == 15) (p.fields[0].budgets[0].windowSeconds, what) = (90 days + 1, "windowSeconds");
            if (i == 16) (p.fields[0].budgets[2].windowSeconds, what) = (90 days + 1, "windowSeconds");
            if (i == 17) (p.fields[0].budgets[1].windowSeconds, what) = (90 days + 1, "windowSeconds");
            if (i == 18) (p.fields[5].stepUp, p.fields[5].min, what) = (0, 0, "wall");
            if (i == 19) (p.fields[5].stepDown, p.fields[5].min, what) = (0, 0, "wall");
            vm.expectRevert(abi.encodeWithSelector(Policies.BadPolicy.selector, what));
            setPolicy(p);
        }
    }

    function test_a_policy_at_its_limits() public {
        Policy memory p = policy();
        (p.delaySeconds, p.maxEvidenceAgeSeconds) = (1 hours, 1 hours + 1);
        (p.fields[2].min, p.fields[2].max, p.fields[2].cooldownSeconds) = (500, 500, 90 days);
        p.fields[0].budgets[2].windowSeconds = 90 days;
        // Fields that may not move need no limits.
        delete p.fields[5];
        setPolicy(p);
        p.bufferBps = 10_000;
        vm.expectRevert(abi.encodeWithSelector(Limits.LiquidationUnprofitable.selector, 87_150_000, 0));
        setPolicy(p);
    }

    function test_a_baseline_must_be_safe_itself() public {
        Policy memory p = policy();
        p.baseline.ltvBps = 8_101;
        vm.expectRevert(abi.encodeWithSelector(Limits.GapTooSmall.selector, 8_101, 8_300, 200));
        setPolicy(p);
        p = policy();
        p.baseline.bonusBps = 1_808;
        vm.expectRevert(abi.encodeWithSelector(Limits.LiquidationUnprofitable.selector, 8_300 * 11_808, 98_000_000));
        setPolicy(p);
    }

    function deployAgain(RiskGuard.Setup memory s) external {
        market.bind(address(0));
        deployGuard(s);
    }

    function denied(address who, bytes memory reason, bytes memory data) private {
        vm.prank(who);
        (bool ok, bytes memory answer) = address(guard).call(data);
        yes(!ok && keccak256(answer) == keccak256(reason), "denied");
    }
}
