// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation, Attestors} from "contracts/guard/Attestors.sol";
import {RiskGuard} from "contracts/guard/RiskGuard.sol";
import {Lane, Update, Values} from "contracts/guard/Update.sol";
import {Wallet} from "./StandIns.sol";
import {Setting} from "./Setting.sol";
import {vm} from "./Vm.sol";

/// Who may say that an update is right, and what exactly he said.
contract AttestationsTest is Setting {
    function test_two_of_three_suffice_whichever_and_three_do() public {
        Update memory u = update(lowered(0));
        guard.submit(u, signedBy(u, keys[0], keys[2]));
        Values memory to = held();
        to.ltvBps -= 100;
        u = update(to);
        guard.submit(u, signedBy(u, keys[1], keys[2]));
        to.ltvBps -= 100;
        u = update(to);
        Attestation[] memory list = new Attestation[](3);
        for (uint256 i = 0; i < 3; i++) list[i] = attest(u, keys[i]);
        guard.submit(u, list);
        same(held(), to, "written");
    }

    function test_one_key_is_not_enough() public {
        Update memory u = update(lowered(0));
        Attestation[] memory list = new Attestation[](1);
        list[0] = attest(u, keys[0]);
        vm.expectRevert(abi.encodeWithSelector(Attestors.TooFewAttestations.selector, 1, 2));
        guard.submit(u, list);
        vm.expectRevert(abi.encodeWithSelector(Attestors.TooFewAttestations.selector, 0, 2));
        guard.submit(u, new Attestation[](0));
    }

    function test_one_key_twice_is_one_key() public {
        Update memory u = update(lowered(0));
        Attestation[] memory list = signedBy(u, keys[0], keys[0]);
        vm.expectRevert(abi.encodeWithSelector(Attestors.NotAscending.selector, vm.addr(keys[0])));
        guard.submit(u, list);
        list = signedBy(u, keys[1], keys[0]);
        vm.expectRevert(abi.encodeWithSelector(Attestors.NotAscending.selector, vm.addr(keys[0])));
        guard.submit(u, list);
    }

    function test_a_strangers_signature_counts_for_nothing() public {
        Update memory u = update(lowered(0));
        Attestation[] memory list = new Attestation[](2);
        list[0] = attest(u, keys[0]);
        uint256 stranger = 100;
        while (vm.addr(stranger) < vm.addr(keys[0])) stranger++;
        list[1] = attest(u, stranger);
        vm.expectRevert(abi.encodeWithSelector(Attestors.NotAnAttestor.selector, vm.addr(stranger)));
        guard.submit(u, list);
    }

    function test_another_ones_signature_under_an_attestors_name() public {
        Update memory u = update(lowered(0));
        Attestation[] memory list = sign(u);
        list[1].signature = list[0].signature;
        vm.expectRevert(abi.encodeWithSelector(Attestors.BadSignature.selector, vm.addr(keys[1])));
        guard.submit(u, list);
        list[1].signature = "";
        vm.expectRevert(abi.encodeWithSelector(Attestors.BadSignature.selector, vm.addr(keys[1])));
        guard.submit(u, list);
    }

    /// Every part of the update is in what was signed: a change of any of them is another update.
    function test_every_part_is_bound() public {
        for (uint256 part = 0; part < 11; part++) {
            Update memory u = update(lowered(0));
            u.maxNewlyLiquidatable = 0;
            Attestation[] memory list = sign(u);
            bytes32 before = guard.digestOf(u);
            if (part == 0) u.asset = "WBTC";
            if (part == 1) u.from.ltvBps++;
            if (part == 2) u.to.borrowCapTokens--;
            if (part == 3) u.price++;
            if (part == 4) u.evidenceRoot = keccak256("other");
            if (part == 5) u.evidenceTime--;
            if (part == 6) u.deadline++;
            if (part == 7) u.nonce++;
            if (part == 8) u.epoch++;
            if (part == 9) u.policyHash = keccak256("other");
            if (part == 10) u.maxNewlyLiquidatable++;
            yes(guard.digestOf(u) != before, "digest");
            if (part == 7) vm.expectRevert(abi.encodeWithSelector(RiskGuard.BadNonce.selector, 1, 0));
            else vm.expectRevert(abi.encodeWithSelector(Attestors.BadSignature.selector, vm.addr(keys[0])));
            guard.submit(u, list);
        }
    }

    function test_every_value_is_bound() public view {
        Update memory u = update(usual());
        bytes32 before = guard.digestOf(u);
        for (uint256 field = 0; field < 6; field++) {
            u.to = raised(field);
            yes(guard.digestOf(u) != before, "to");
            u.to = usual();
            u.from = raised(field);
            yes(guard.digestOf(u) != before, "from");
            u.from = usual();
        }
    }

    function test_another_chain_has_other_digests() public {
        Update memory u = update(lowered(0));
        vm.chainId(10);
        Attestation[] memory list = sign(u);
        vm.chainId(31_337);
        vm.expectRevert(abi.encodeWithSelector(Attestors.BadSignature.selector, vm.addr(keys[0])));
        guard.submit(u, list);
    }

    function test_another_guard_has_other_digests() public {
        RiskGuard other = RiskGuard(this.another(setup()));
        Update memory u = update(lowered(0));
        yes(other.digestOf(u) != guard.digestOf(u), "digest");
    }

    function another(RiskGuard.Setup memory s) external returns (address) {
        market.bind(address(0));
        return address(deployGuard(s));
    }

    function test_an_update_applies_once() public {
        Update memory u = submit(lowered(0));
        market.put(ASSET, usual());
        refused(u, abi.encodeWithSelector(RiskGuard.BadNonce.selector, 0, 1));
    }

    function test_a_nonce_of_the_future_is_refused_too() public {
        Update memory u = update(lowered(0));
        u.nonce = 1;
        refused(u, abi.encodeWithSelector(RiskGuard.BadNonce.selector, 1, 0));
    }

    function test_a_wallet_signs_by_ERC1271() public {
        Wallet wallet = new Wallet();
        address[] memory signers = new address[](2);
        (signers[0], signers[1]) = (vm.addr(keys[0]), address(wallet));
        bool first = address(wallet) < signers[0];
        if (first) (signers[0], signers[1]) = (signers[1], signers[0]);
        vm.prank(TIMELOCK);
        guard.setAttestors(signers, 2);
        Update memory u = update(lowered(0));
        Attestation[] memory list = new Attestation[](2);
        list[first ? 1 : 0] = attest(u, keys[0]);
        list[first ? 0 : 1] = Attestation(address(wallet), "no");
        vm.expectRevert(abi.encodeWithSelector(Attestors.BadSignature.selector, address(wallet)));
        guard.submit(u, list);
        list[first ? 0 : 1].signature = "yes";
        wallet.close();
        vm.expectRevert(abi.encodeWithSelector(Attestors.BadSignature.selector, address(wallet)));
        guard.submit(u, list);
    }

    function test_an_open_wallets_word_counts() public {
        Wallet wallet = new Wallet();
        address[] memory signers = new address[](1);
        signers[0] = address(wallet);
        vm.prank(TIMELOCK);
        guard.setAttestors(signers, 1);
        Update memory u = update(lowered(0));
        Attestation[] memory list = new Attestation[](1);
        list[0] = Attestation(address(wallet), "yes");
        guard.submit(u, list);
        same(held(), lowered(0), "written");
    }

    function test_the_set_is_replaced_whole() public {
        address[] memory signers = new address[](1);
        signers[0] = vm.addr(keys[2]);
        vm.expectEmit();
        emit Attestors.AttestorsChanged(signers, 1, 2);
        vm.prank(TIMELOCK);
        guard.setAttestors(signers, 1);
        eq(guard.epoch(), 2, "epoch");
        eq(guard.quorum(), 1, "quorum");
        yes(!guard.isAttestor(vm.addr(keys[0])) && guard.isAttestor(vm.addr(keys[2])), "members");
        eq(guard.attestors().length, 1, "list");
        Update memory u = update(lowered(0));
        Attestation[] memory list = sign(u);
        vm.expectRevert(abi.encodeWithSelector(Attestors.NotAnAttestor.selector, vm.addr(keys[0])));
        guard.submit(u, list);
    }

    function test_a_set_must_make_sense() public {
        address[] memory signers = new address[](2);
        (signers[0], signers[1]) = (vm.addr(keys[0]), vm.addr(keys[1]));
        set(signers, 0, abi.encodeWithSelector(Attestors.BadQuorum.selector, 0, 2));
        set(signers, 3, abi.encodeWithSelector(Attestors.BadQuorum.selector, 3, 2));
        set(signers, 2, "");
        signers[1] = signers[0];
        set(signers, 2, abi.encodeWithSelector(Attestors.NotAscending.selector, signers[0]));
        signers[0] = address(0);
        set(signers, 1, abi.encodeWithSelector(Attestors.NotAscending.selector, address(0)));
    }

    function test_a_change_of_attestors_ends_what_waits_and_voids_what_is_signed() public {
        Update memory signed = update(lowered(0));
        Update memory waits = submit(raised(0));
        address[] memory signers = guard.attestors();
        vm.prank(TIMELOCK);
        guard.setAttestors(signers, 2);
        tick(1 days);
        vm.expectRevert(abi.encodeWithSelector(RiskGuard.EpochChanged.selector, 1, 2));
        guard.execute(waits);
        signed.nonce = 1;
        refused(signed, abi.encodeWithSelector(RiskGuard.EpochChanged.selector, 1, 2));
        // What the old set left pending does not block the new one.
        submit(raised(0));
    }

    function set(address[] memory signers, uint256 quorum, bytes memory reason) private {
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(TIMELOCK);
        guard.setAttestors(signers, quorum);
    }
}
