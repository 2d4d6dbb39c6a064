// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation} from "contracts/guard/Attestors.sol";
import {AssetState, Pending, Ramp} from "contracts/guard/Controls.sol";
import {IMarket} from "contracts/guard/IMarket.sol";
import {Budget, FieldLimit, Policy} from "contracts/guard/Policy.sol";
import {RiskGuard} from "contracts/guard/RiskGuard.sol";
import {Field, Lane, Update, Values} from "contracts/guard/Update.sol";
import {Feed, Market} from "./StandIns.sol";
import {Assertions, vm} from "./Vm.sol";

/// One guard over one market in memory, three attestors of whom two must sign, and a policy to measure against.
abstract contract Setting is Assertions {
    bytes32 internal constant ASSET = "WETH";
    bytes32 internal constant ROOT = keccak256("evidence");
    uint64 internal constant START = 1_700_000_000;
    uint128 internal constant PRICE = 2_000e8;
    uint64 internal constant UNCAPPED = type(uint64).max;
    address internal constant TIMELOCK = address(0x71e10c);
    address internal constant GUARDIAN = address(0x9a4d1a);
    address internal constant STRANGER = address(0x5742a6);

    Market internal market;
    Feed internal feed;
    Feed internal sequencer;
    RiskGuard internal guard;
    /// Of the attestors, ascending by address.
    uint256[3] internal keys;

    function setUp() public virtual {
        vm.warp(START);
        market = new Market();
        feed = new Feed();
        sequencer = new Feed();
        market.put(ASSET, usual());
        market.setPrice(ASSET, PRICE);
        keys = sorted([uint256(11), 12, 13]);
        tick(0);
        guard = deployGuard(setup());
        market.bind(address(guard));
        setPolicy(policy());
    }

    function setup() internal view returns (RiskGuard.Setup memory) {
        address[] memory attestors = new address[](3);
        for (uint256 i = 0; i < 3; i++) attestors[i] = vm.addr(keys[i]);
        return RiskGuard.Setup(IMarket(address(market)), TIMELOCK, GUARDIAN, attestors, 2, address(sequencer), 1 hours);
    }

    function usual() internal pure returns (Values memory) {
        return Values(8_000, 8_300, 500, 1_000_000, 1_000_000, 800_000);
    }

    function policy() internal view returns (Policy memory p) {
        p.source = "policy";
        p.feed = address(feed);
        p.heartbeatSeconds = 1 hours;
        p.maxPriceDeviationBps = 200;
        p.maxEvidenceAgeSeconds = 3 days;
        p.delaySeconds = 1 days;
        p.vetoCooldownSeconds = 2 days;
        p.affirmSeconds = 30 days;
        p.rampIntervalSeconds = 1 days;
        p.rampStepBps = 10;
        p.rampStepPpm = 50_000;
        p.minGapBps = 200;
        p.bufferBps = 200;
        p.maxNewlyLiquidatable = 3;
        p.baseline = usual();
        p.fields[0] = limit(2_000, 8_500, 3_000, 300, 50, 1_000, 3 days);
        p.fields[0].budgets = [Budget(7 days, 75, 1_500), Budget(30 days, 150, 2_500), Budget(90 days, 300, 3_000)];
        p.fields[1] = limit(5_000, 8_800, 400, 300, 50, 50, 3 days);
        p.fields[1].budgets[0] = Budget(30 days, 150, 120);
        p.fields[2] = limit(300, 900, 150, 200, 25, 25, 7 days);
        p.fields[2].budgets[0] = Budget(30 days, 50, 50);
        p.fields[3] = limit(600_000, 5_000_000, 300_000, 2_000_000, 200_000, 100_000, 1 days);
        p.fields[3].budgets[0] = Budget(7 days, 600_000, 200_000);
        p.fields[4] = limit(1_000, 1_500_000, 900_000, 400_000, 100_000, UNCAPPED, 1 days);
        p.fields[4].budgets[0] = Budget(30 days, 300_000, UNCAPPED);
        p.fields[5] = limit(1_000, 1_200_000, 700_000, 300_000, 80_000, UNCAPPED, 1 days);
        p.fields[5].budgets[0] = Budget(30 days, 240_000, UNCAPPED);
    }

    function limit(uint64 min, uint64 max, uint64 below, uint64 above, uint64 up, uint64 down, uint32 cooldown)
        internal
        pure
        returns (FieldLimit memory l)
    {
        (l.min, l.max, l.below, l.above, l.stepUp, l.stepDown, l.cooldownSeconds) = (min, max, below, above, up, down, cooldown);
    }

    function setPolicy(Policy memory p) internal {
        vm.prank(TIMELOCK);
        guard.setPolicy(ASSET, p, uint64(block.timestamp + 180 days));
    }

    function nonce() internal view returns (uint64 next) {
        (next,,,,,,,) = guard.stateOf(ASSET);
    }

    /// One field of the usual values, a little higher or lower.
    function raised(uint256 field) internal pure returns (Values memory v) {
        v = usual();
        if (field == 0) v.ltvBps += 50;
        if (field == 1) v.thresholdBps += 50;
        if (field == 2) v.bonusBps += 25;
        if (field == 3) v.multiplierPpm += 200_000;
        if (field == 4) v.supplyCapTokens += 100_000;
        if (field == 5) v.borrowCapTokens += 80_000;
    }

    function lowered(uint256 field) internal pure returns (Values memory v) {
        v = usual();
        if (field == 0) v.ltvBps -= 1_000;
        if (field == 1) v.thresholdBps -= 50;
        if (field == 2) v.bonusBps -= 25;
        if (field == 3) v.multiplierPpm -= 100_000;
        if (field == 4) v.supplyCapTokens -= 500_000;
        if (field == 5) v.borrowCapTokens -= 400_000;
    }

    /// Time passes; feed and sequencer stay alive.
    function tick(uint256 byS) internal {
        vm.warp(block.timestamp + byS);
        feed.set(int256(uint256(PRICE)), block.timestamp, block.timestamp);
        sequencer.set(0, START - 2 hours, block.timestamp);
    }

    function held() internal view returns (Values memory) {
        return market.read(ASSET);
    }

    /// A fresh update from what is held to `to`.
    function update(Values memory to) internal view returns (Update memory u) {
        (u.nonce,,,, u.policyHash,,,) = guard.stateOf(ASSET);
        u.asset = ASSET;
        u.from = held();
        u.to = to;
        u.price = PRICE;
        u.evidenceRoot = ROOT;
        u.evidenceTime = uint64(block.timestamp);
        u.deadline = uint64(block.timestamp + 2 days);
        u.epoch = guard.epoch();
    }

    function sign(Update memory u) internal view returns (Attestation[] memory) {
        return signedBy(u, keys[0], keys[1]);
    }

    function signedBy(Update memory u, uint256 a, uint256 b) internal view returns (Attestation[] memory list) {
        list = new Attestation[](2);
        list[0] = attest(u, a);
        list[1] = attest(u, b);
    }

    function attest(Update memory u, uint256 key) internal view returns (Attestation memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, guard.digestOf(u));
        return Attestation(vm.addr(key), abi.encodePacked(r, s, v));
    }

    function submit(Values memory to) internal returns (Update memory u) {
        u = update(to);
        guard.submit(u, sign(u));
    }

    /// The whole slow way: submit, wait, execute.
    function pass(Values memory to) internal {
        Update memory u = submit(to);
        tick(1 days);
        guard.execute(u);
    }

    /// `submit` must be refused with exactly this error, arguments included.
    function refused(Update memory u, bytes memory reason) internal {
        Attestation[] memory list = sign(u);
        vm.expectRevert(reason);
        guard.submit(u, list);
    }

    function refused(Values memory to, bytes memory reason) internal {
        refused(update(to), reason);
    }

    function same(Values memory a, Values memory b, string memory what) internal pure {
        yes(keccak256(abi.encode(a)) == keccak256(abi.encode(b)), what);
    }

    function sorted(uint256[3] memory k) internal pure returns (uint256[3] memory) {
        for (uint256 i = 0; i < 3; i++) {
            for (uint256 j = i + 1; j < 3; j++) if (vm.addr(k[j]) < vm.addr(k[i])) (k[i], k[j]) = (k[j], k[i]);
        }
        return k;
    }

    // ---- the committed artifacts

    function deployGuard(RiskGuard.Setup memory s) internal returns (RiskGuard) {
        return RiskGuard(create("RiskGuard", abi.encode(s)));
    }

    function create(string memory name, bytes memory arguments) internal returns (address made) {
        bytes memory code = bytes.concat(vm.parseBytes(linked(name)), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function linked(string memory name) internal returns (string memory code) {
        string memory folder = vm.envOr("GUARD_ARTIFACTS", "governance/contracts/artifacts");
        code = vm.parseJsonString(vm.readFile(string.concat(folder, "/", name, ".json")), ".bytecode");
        if (keccak256(bytes(name)) != keccak256("RiskGuard")) return code;
        code = link(code, "guard/Limits.sol:Limits", create("Limits", ""));
        code = link(code, "guard/Policies.sol:Policies", create("Policies", ""));
    }

    /// The compiler leaves `__$…$__` with 34 digits of the hash of the library's full name.
    function link(string memory code, string memory library_, address at_) private pure returns (string memory) {
        bytes memory address_ = new bytes(40);
        bytes memory text = bytes(vm.toString(at_));
        for (uint256 i = 0; i < 40; i++) address_[i] = text[i + 2];
        return vm.replace(code, string.concat("__$", toHex(keccak256(bytes(library_))), "$__"), string(address_));
    }

    function toHex(bytes32 hash) private pure returns (string memory) {
        bytes memory digits = new bytes(34);
        for (uint256 i = 0; i < 34; i++) {
            uint8 nibble = uint8(hash[i / 2]) >> (i % 2 == 0 ? 4 : 0) & 0xf;
            digits[i] = bytes1(nibble + (nibble < 10 ? 48 : 87));
        }
        return string(digits);
    }
}
