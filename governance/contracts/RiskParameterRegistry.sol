// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title The load lines of one protocol: risk parameters per asset, changed by its owner (a timelock) and by the guard it names.
/// @notice An asset is named by its symbol, left-aligned ASCII in 32 bytes: perpetual markets have no token address, and
/// whoever reads the call data reads the name.
/// @dev Every change names the values it starts from (compare-and-swap), the evidence it rests on and the second after
/// which it is void. A batch is all or nothing. Nothing is clamped: a value outside the bounds reverts.
contract RiskParameterRegistry is Ownable {
    struct Values {
        /// LTV = 10,000 - haircut.
        uint16 haircutBps;
        /// 0 means: not accepted as collateral.
        uint16 liquidationThresholdBps;
        /// 500 means 5 %.
        uint16 liquidationBonusBps;
        /// Scales the venue's base margin; 1,000,000 = 1x.
        uint32 marginMultiplierPpm;
    }

    struct Listing {
        bytes32 asset;
        Values values;
    }

    struct Change {
        bytes32 asset;
        Values from;
        Values to;
    }

    uint256 public constant ONE_BPS = 10_000;
    uint256 public constant MAX_LIQUIDATION_BONUS_BPS = 5_000;
    uint256 public constant MIN_MARGIN_MULTIPLIER_PPM = 100_000;
    uint256 public constant MAX_MARGIN_MULTIPLIER_PPM = 20_000_000;

    /// May update listed assets as the owner may, under limits of its own; 0: nobody. Listing and owning stay the owner's.
    address public guard;
    bytes32[] private _assets;
    /// A listed asset has a multiplier of at least MIN_MARGIN_MULTIPLIER_PPM, so a zero multiplier means: not listed.
    mapping(bytes32 asset => Values) private _values;

    event GuardSet(address guard);
    event AssetListed(bytes32 indexed asset, Values values);
    event ParametersChanged(bytes32 indexed asset, bytes32 indexed evidenceRoot, Values from, Values to);

    error NothingToChange();
    error NoEvidence();
    error Expired(uint64 validUntil, uint256 nowSeconds);
    error NotIncreasing(bytes32 asset);
    error NotListed(bytes32 asset);
    error AlreadyListed(bytes32 asset);
    error StateMoved(bytes32 asset, Values held);
    error SameValues(bytes32 asset);
    error HaircutOutOfBounds(bytes32 asset, uint16 haircutBps);
    error ThresholdOutOfBounds(bytes32 asset, uint16 liquidationThresholdBps);
    error BonusOutOfBounds(bytes32 asset, uint16 liquidationBonusBps);
    error MultiplierOutOfBounds(bytes32 asset, uint32 marginMultiplierPpm);
    error LtvAboveThreshold(bytes32 asset);
    error LiquidationUnprofitable(bytes32 asset);
    error BonusWithLowerThreshold(bytes32 asset);

    constructor(address timelock, Listing[] memory listings) Ownable(timelock) {
        for (uint256 i = 0; i < listings.length; i++) _list(listings[i]);
    }

    /// @param changes Strictly increasing by asset, so that no asset stands twice in what was reviewed.
    /// @param evidenceRoot Root of the evidence bundle these values come from.
    /// @param validUntil Last second, in Unix time, at which the advice may still be applied.
    function update(Change[] calldata changes, bytes32 evidenceRoot, uint64 validUntil) external {
        if (msg.sender != owner() && msg.sender != guard) revert OwnableUnauthorizedAccount(msg.sender);
        if (changes.length == 0) revert NothingToChange();
        if (evidenceRoot == 0) revert NoEvidence();
        if (block.timestamp > validUntil) revert Expired(validUntil, block.timestamp);
        bytes32 previous;
        for (uint256 i = 0; i < changes.length; i++) {
            Change calldata change = changes[i];
            if (change.asset <= previous) revert NotIncreasing(change.asset);
            previous = change.asset;
            _apply(change);
            emit ParametersChanged(change.asset, evidenceRoot, change.from, change.to);
        }
    }

    function setGuard(address guard_) external onlyOwner {
        guard = guard_;
        emit GuardSet(guard_);
    }

    function list(Listing[] calldata listings) external onlyOwner {
        if (listings.length == 0) revert NothingToChange();
        for (uint256 i = 0; i < listings.length; i++) _list(listings[i]);
    }

    function valuesOf(bytes32 asset) external view returns (Values memory) {
        if (_values[asset].marginMultiplierPpm == 0) revert NotListed(asset);
        return _values[asset];
    }

    /// @return held Everything, so that a reader sees what changed although nobody asked for it.
    function all() external view returns (Listing[] memory held) {
        held = new Listing[](_assets.length);
        for (uint256 i = 0; i < _assets.length; i++) held[i] = Listing(_assets[i], _values[_assets[i]]);
    }

    function _apply(Change calldata change) private {
        Values memory held = _values[change.asset];
        if (held.marginMultiplierPpm == 0) revert NotListed(change.asset);
        if (!_same(held, change.from)) revert StateMoved(change.asset, held);
        if (_same(held, change.to)) revert SameValues(change.asset);
        _check(change.asset, change.to);
        // Lower threshold and higher bonus together pay whoever liquidates the accounts the change itself exposes.
        if (
            change.to.liquidationThresholdBps < held.liquidationThresholdBps
                && change.to.liquidationBonusBps > held.liquidationBonusBps
        ) revert BonusWithLowerThreshold(change.asset);
        _values[change.asset] = change.to;
    }

    function _list(Listing memory listing) private {
        if (listing.asset == 0) revert NotListed(listing.asset);
        if (_values[listing.asset].marginMultiplierPpm != 0) revert AlreadyListed(listing.asset);
        _check(listing.asset, listing.values);
        _assets.push(listing.asset);
        _values[listing.asset] = listing.values;
        emit AssetListed(listing.asset, listing.values);
    }

    function _check(bytes32 asset, Values memory to) private pure {
        uint256 threshold = to.liquidationThresholdBps;
        if (to.haircutBps > ONE_BPS) revert HaircutOutOfBounds(asset, to.haircutBps);
        if (threshold > ONE_BPS) revert ThresholdOutOfBounds(asset, to.liquidationThresholdBps);
        if (to.liquidationBonusBps > MAX_LIQUIDATION_BONUS_BPS) revert BonusOutOfBounds(asset, to.liquidationBonusBps);
        if (to.marginMultiplierPpm < MIN_MARGIN_MULTIPLIER_PPM || to.marginMultiplierPpm > MAX_MARGIN_MULTIPLIER_PPM) {
            revert MultiplierOutOfBounds(asset, to.marginMultiplierPpm);
        }
        if (ONE_BPS - to.haircutBps > threshold) revert LtvAboveThreshold(asset);
        // threshold * (1 + bonus) <= 1, exact: at the threshold the collateral still pays the debt and the bonus.
        if (threshold * (ONE_BPS + to.liquidationBonusBps) > ONE_BPS * ONE_BPS) revert LiquidationUnprofitable(asset);
    }

    function _same(Values memory a, Values calldata b) private pure returns (bool) {
        return a.haircutBps == b.haircutBps && a.liquidationThresholdBps == b.liquidationThresholdBps
            && a.liquidationBonusBps == b.liquidationBonusBps && a.marginMultiplierPpm == b.marginMultiplierPpm;
    }
}
