// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {History} from "contracts/guard/History.sol";
import {Limits} from "contracts/guard/Limits.sol";
import {FieldLimit, Policy} from "contracts/guard/Policy.sol";
import {FIELDS, HISTORIES, Values} from "contracts/guard/Update.sol";

/// Puts many cases to the guard's limits in one call that is never mined. Each answers with the first four bytes of its error, or
/// with the lane in the last.
contract LimitsHarness {
    struct Move {
        uint8 history;
        uint64 time;
        uint64 size;
    }

    struct Case {
        Values from;
        Values to;
        uint32 newlyLiquidatable;
        /// Ascending by time.
        Move[] moves;
    }

    Policy private _policy;
    mapping(uint256 index => History.Moves[HISTORIES]) private _histories;

    function judge(Policy calldata policy, Case[] calldata cases) external returns (bytes4[] memory answers) {
        set(policy);
        answers = new bytes4[](cases.length);
        for (uint256 i = 0; i < cases.length; i++) {
            for (uint256 j = 0; j < cases[i].moves.length; j++) {
                Move calldata move = cases[i].moves[j];
                History.Moves storage moves = _histories[i][move.history];
                moves.ring[moves.count++] = History.Move(move.time, move.size);
            }
            try this.one(i, cases[i].from, cases[i].to, cases[i].newlyLiquidatable) returns (uint8 lane) {
                answers[i] = bytes4(uint32(lane));
            } catch (bytes memory reason) {
                answers[i] = bytes4(reason);
            }
        }
    }

    function one(uint256 index, Values memory from, Values memory to, uint256 newlyLiquidatable) external view returns (uint8) {
        return uint8(Limits.check(_policy, _histories[index], from, to, newlyLiquidatable));
    }

    /// Without asking whether it makes sense: rules must agree on the others too.
    function set(Policy calldata policy) private {
        _policy.minGapBps = policy.minGapBps;
        _policy.bufferBps = policy.bufferBps;
        _policy.maxNewlyLiquidatable = policy.maxNewlyLiquidatable;
        _policy.baseline = policy.baseline;
        for (uint256 i = 0; i < FIELDS; i++) {
            FieldLimit calldata limit = policy.fields[i];
            FieldLimit storage held = _policy.fields[i];
            (held.min, held.max, held.below, held.above) = (limit.min, limit.max, limit.below, limit.above);
            (held.stepUp, held.stepDown, held.cooldownSeconds) = (limit.stepUp, limit.stepDown, limit.cooldownSeconds);
            for (uint256 j = 0; j < limit.budgets.length; j++) held.budgets[j] = limit.budgets[j];
        }
    }
}
