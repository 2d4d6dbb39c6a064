// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Attestors} from "./Attestors.sol";
import {History} from "./History.sol";
import {Limits} from "./Limits.sol";
import {Policies} from "./Policies.sol";
import {Policy} from "./Policy.sol";
import {HISTORIES, Values} from "./Update.sol";

/// A slow update that waits.
struct Pending {
    bytes32 id;
    uint64 executeAt;
    /// From the second after, it cannot be executed any more and stands in nobody's way.
    uint64 lastSecond;
    uint64 epoch;
}

/// A threshold on its way down, a multiplier on its way up.
struct Ramp {
    bool running;
    /// Towards the baseline, because nobody re-affirmed; else towards what attestors signed.
    bool decay;
    uint16 thresholdBps;
    uint32 multiplierPpm;
    uint64 nextAt;
    bytes32 evidenceRoot;
    /// What the guard left in the market.
    Values last;
}

struct AssetState {
    uint64 nonce;
    uint64 leaseUntil;
    uint64 vetoedUntil;
    /// When looseness was last granted or re-affirmed.
    uint64 affirmedAt;
    bytes32 policyHash;
    bytes32 affirmedRoot;
    Pending pending;
    Ramp ramp;
    /// Values that attestors, and nobody else, made looser; 0 where they did not.
    Values granted;
    History.Moves[HISTORIES] moves;
}

/// @title Who may limit and stop the guard. The owner (a timelock) sets limits; the guardian stops, and can do nothing else.
abstract contract Controls is Attestors, Ownable2Step {
    /// A lease that long is governance looking away.
    uint256 public constant LONGEST_LEASE_SECONDS = 180 days;

    address public guardian;
    bool public paused;
    address public immutable SEQUENCER;
    uint256 public immutable SEQUENCER_GRACE_SECONDS;

    mapping(bytes32 asset => Policy) internal _policies;
    mapping(bytes32 asset => AssetState) internal _states;

    event PolicySet(bytes32 indexed asset, bytes32 indexed policyHash, Policy policy);
    event LeaseRenewed(bytes32 indexed asset, uint64 leaseUntil);
    event GuardianSet(address guardian);
    event Paused();
    event Unpaused();
    /// @param cancelled The pending update, or 0.
    event Vetoed(bytes32 indexed asset, bytes32 indexed cancelled, uint64 nonce, uint64 vetoedUntil);

    error OnlyGuardian();
    error ZeroGuardian();
    error IsPaused();
    error NoPolicy(bytes32 asset);
    error BadLease(uint64 leaseUntil);

    constructor(
        address timelock,
        address guardian_,
        address[] memory signers,
        uint256 quorum_,
        address sequencer,
        uint256 sequencerGraceSeconds
    ) EIP712("Plimsoll RiskGuard", "1") Ownable(timelock) {
        _setGuardian(guardian_);
        _setAttestors(signers, quorum_);
        SEQUENCER = sequencer;
        SEQUENCER_GRACE_SECONDS = sequencerGraceSeconds;
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert OnlyGuardian();
        _;
    }

    /// @notice Nothing signed goes through any more. Decay goes on: a guardian's lost key must not keep looseness alive.
    function pause() external onlyGuardian {
        paused = true;
        emit Paused();
    }

    /// @notice Ends what is pending, and a ramp that attestors signed; voids what is signed for the next nonce, and lets nothing slow in for a while.
    function veto(bytes32 asset) external onlyGuardian {
        AssetState storage state = _states[asset];
        bytes32 cancelled = state.pending.id;
        delete state.pending;
        if (!state.ramp.decay) delete state.ramp;
        state.nonce++;
        state.vetoedUntil = uint64(block.timestamp + _policies[asset].vetoCooldownSeconds);
        emit Vetoed(asset, cancelled, state.nonce, state.vetoedUntil);
    }

    function unpause() external onlyOwner {
        paused = false;
        emit Unpaused();
    }

    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// @notice Voids every signature and every pending update made under the old set.
    function setAttestors(address[] calldata signers, uint256 quorum_) external onlyOwner {
        _setAttestors(signers, quorum_);
    }

    /// @notice Sets limits and baseline of an asset; ends what is pending or ramping under the old ones.
    function setPolicy(bytes32 asset, Policy calldata policy, uint64 leaseUntil) external onlyOwner {
        Policies.set(_policies[asset], policy);
        AssetState storage state = _states[asset];
        delete state.pending;
        delete state.ramp;
        state.policyHash = policyHashOf(policy);
        emit PolicySet(asset, state.policyHash, policy);
        _lease(asset, leaseUntil);
    }

    /// @notice Limits lapse unless governance says again that they hold. A date in the past ends them.
    function renewLease(bytes32 asset, uint64 leaseUntil) external onlyOwner {
        if (_states[asset].policyHash == 0) revert NoPolicy(asset);
        _lease(asset, leaseUntil);
    }

    function policyOf(bytes32 asset) external view returns (Policy memory) {
        return _policies[asset];
    }

    function policyHashOf(Policy calldata policy) public pure returns (bytes32) {
        return keccak256(abi.encode(policy));
    }

    function _setGuardian(address guardian_) private {
        if (guardian_ == address(0)) revert ZeroGuardian();
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    function _lease(bytes32 asset, uint64 leaseUntil) private {
        if (leaseUntil > block.timestamp + LONGEST_LEASE_SECONDS) revert BadLease(leaseUntil);
        _states[asset].leaseUntil = leaseUntil;
        emit LeaseRenewed(asset, leaseUntil);
    }
}
