// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The six numbers of an asset, in the order every list of this project has them.
enum Field {
    Ltv,
    Threshold,
    Bonus,
    Multiplier,
    SupplyCap,
    BorrowCap
}

/// Fast: hurts nobody existing. Slow: hurts somebody, so people get time to see it, veto it or leave.
enum Lane {
    Fast,
    Slow
}

uint256 constant FIELDS = 6;
// Two a field: moves up, moves down.
uint256 constant HISTORIES = 2 * FIELDS;

/// What a market holds of one asset, in one slot. A field that the market does not have reads 0.
struct Values {
    uint16 ltvBps;
    uint16 thresholdBps;
    /// 500 means 5 %.
    uint16 bonusBps;
    /// Scales the venue's base margin; 1,000,000 = 1x.
    uint32 multiplierPpm;
    /// Whole tokens; the largest value means: no cap.
    uint64 supplyCapTokens;
    uint64 borrowCapTokens;
}

/// What attestors sign. Chain and guard stand in the EIP-712 domain.
struct Update {
    bytes32 asset;
    Values from;
    /// Equal to `from`: re-affirms what stands, and moves nothing.
    Values to;
    /// The price that the evidence used, in the unit of the market's oracle (of the feed, where the market has none).
    uint128 price;
    bytes32 evidenceRoot;
    uint64 evidenceTime;
    /// Last second, in Unix time, at which it may be submitted or executed.
    uint64 deadline;
    /// The asset's next one.
    uint64 nonce;
    /// Of the attestors: a change of their set or their quorum voids what was signed before.
    uint64 epoch;
    /// Of the asset's limits, as `policyHashOf` gives it.
    bytes32 policyHash;
    /// Accounts that the change alone, at unchanged prices, makes liquidatable, at most.
    uint32 maxNewlyLiquidatable;
}

/// @title Hashes of updates, and values as a list.
library Updates {
    bytes32 internal constant VALUES_TYPEHASH = keccak256(
        "Values(uint16 ltvBps,uint16 thresholdBps,uint16 bonusBps,uint32 multiplierPpm,uint64 supplyCapTokens,uint64 borrowCapTokens)"
    );
    bytes32 internal constant UPDATE_TYPEHASH = keccak256(
        "Update(bytes32 asset,Values from,Values to,uint128 price,bytes32 evidenceRoot,uint64 evidenceTime,uint64 deadline,uint64 nonce,uint64 epoch,bytes32 policyHash,uint32 maxNewlyLiquidatable)Values(uint16 ltvBps,uint16 thresholdBps,uint16 bonusBps,uint32 multiplierPpm,uint64 supplyCapTokens,uint64 borrowCapTokens)"
    );

    function hash(Update calldata update) internal pure returns (bytes32) {
        // In two parts: the stack has no room for all at once.
        return keccak256(
            bytes.concat(
                abi.encode(
                    UPDATE_TYPEHASH,
                    update.asset,
                    keccak256(abi.encode(VALUES_TYPEHASH, update.from)),
                    keccak256(abi.encode(VALUES_TYPEHASH, update.to)),
                    update.price,
                    update.evidenceRoot
                ),
                abi.encode(
                    update.evidenceTime,
                    update.deadline,
                    update.nonce,
                    update.epoch,
                    update.policyHash,
                    update.maxNewlyLiquidatable
                )
            )
        );
    }

    function list(Values memory values) internal pure returns (uint256[FIELDS] memory) {
        return [
            uint256(values.ltvBps),
            values.thresholdBps,
            values.bonusBps,
            values.multiplierPpm,
            values.supplyCapTokens,
            values.borrowCapTokens
        ];
    }

    /// @dev The inverse of `list`: every number came from a Values, so none is cut.
    function pack(uint256[FIELDS] memory numbers) internal pure returns (Values memory) {
        return Values(
            uint16(numbers[0]),
            uint16(numbers[1]),
            uint16(numbers[2]),
            uint32(numbers[3]),
            uint64(numbers[4]),
            uint64(numbers[5])
        );
    }

    function same(Values memory a, Values memory b) internal pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }
}
