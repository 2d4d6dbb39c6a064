// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Update, Updates} from "./Update.sol";

/// One signer's word on an update: 65 bytes of an account, or whatever the contract at that address takes (ERC-1271).
struct Attestation {
    address signer;
    bytes signature;
}

/// @title k of n attestors, each of whom re-ran the evidence, sign one update.
abstract contract Attestors is EIP712 {
    mapping(address signer => bool) public isAttestor;
    address[] private _attestors;
    uint256 public quorum;
    /// Counts changes of set and quorum. It stands in every update, so a change voids signatures and pending updates.
    uint64 public epoch;

    event AttestorsChanged(address[] attestors, uint256 quorum, uint64 epoch);

    error BadQuorum(uint256 quorum, uint256 attestors);
    error NotAscending(address signer);
    error TooFewAttestations(uint256 got, uint256 needed);
    error NotAnAttestor(address signer);
    error BadSignature(address signer);

    function attestors() external view returns (address[] memory) {
        return _attestors;
    }

    /// @notice What an attestor signs.
    function digestOf(Update calldata update) public view returns (bytes32) {
        return _hashTypedDataV4(Updates.hash(update));
    }

    function _setAttestors(address[] memory signers, uint256 quorum_) internal {
        if (quorum_ == 0 || quorum_ > signers.length) revert BadQuorum(quorum_, signers.length);
        for (uint256 i = 0; i < _attestors.length; i++) isAttestor[_attestors[i]] = false;
        address previous;
        for (uint256 i = 0; i < signers.length; i++) {
            // Strictly ascending: neither 0 nor one twice.
            if (signers[i] <= previous) revert NotAscending(signers[i]);
            previous = signers[i];
            isAttestor[signers[i]] = true;
        }
        _attestors = signers;
        quorum = quorum_;
        ++epoch;
        emit AttestorsChanged(signers, quorum_, epoch);
    }

    function _checkAttestations(bytes32 digest, Attestation[] calldata attestations) internal view {
        if (attestations.length < quorum) revert TooFewAttestations(attestations.length, quorum);
        address previous;
        for (uint256 i = 0; i < attestations.length; i++) {
            address signer = attestations[i].signer;
            if (signer <= previous) revert NotAscending(signer);
            previous = signer;
            if (!isAttestor[signer]) revert NotAnAttestor(signer);
            if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, attestations[i].signature)) {
                revert BadSignature(signer);
            }
        }
    }
}
