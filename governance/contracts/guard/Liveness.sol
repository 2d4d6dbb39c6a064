// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Policy} from "./Policy.sol";
import {Update} from "./Update.sol";

/// Chainlink's AggregatorV3Interface, as far as it is asked.
interface IFeed {
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @title Is the evidence young, and does the world still look as it did to the evidence?
library Liveness {
    uint256 internal constant ONE_BPS = 10_000;

    error NoEvidence();
    error Expired(uint256 deadline);
    error EvidenceFromTheFuture(uint256 evidenceTime);
    error StaleEvidence(uint256 evidenceTime, uint256 maxAgeSeconds);
    error SequencerDown();
    error SequencerJustBack(uint256 readyAt);
    error BadPrice(int256 answer);
    error StaleFeed(uint256 updatedAt, uint256 heartbeatSeconds);
    error PriceMoved(uint256 attested, uint256 now_);

    function checkEvidence(Update calldata update, uint256 maxAgeSeconds) internal view {
        if (update.evidenceRoot == 0) revert NoEvidence();
        if (block.timestamp > update.deadline) revert Expired(update.deadline);
        if (update.evidenceTime > block.timestamp) revert EvidenceFromTheFuture(update.evidenceTime);
        if (block.timestamp - update.evidenceTime > maxAgeSeconds) {
            revert StaleEvidence(update.evidenceTime, maxAgeSeconds);
        }
    }

    /// @dev L2 only: while the sequencer is down, and until people have had time to act after it, nobody can defend a position.
    function checkSequencer(address sequencer, uint256 graceSeconds) internal view {
        if (sequencer == address(0)) return;
        (, int256 answer, uint256 startedAt,,) = IFeed(sequencer).latestRoundData();
        // Chainlink: 0 is up. A round that never started says nothing.
        if (answer != 0 || startedAt == 0) revert SequencerDown();
        if (block.timestamp < startedAt + graceSeconds) revert SequencerJustBack(startedAt + graceSeconds);
    }

    /// @param marketPrice 0: the market has no oracle, and the feed's answer counts.
    function checkPrice(Policy storage policy, uint256 attested, uint256 marketPrice) internal view {
        (, int256 answer,, uint256 updatedAt,) = IFeed(policy.feed).latestRoundData();
        if (answer <= 0) revert BadPrice(answer);
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > policy.heartbeatSeconds) {
            revert StaleFeed(updatedAt, policy.heartbeatSeconds);
        }
        uint256 price = marketPrice == 0 ? uint256(answer) : marketPrice;
        uint256 apart = price > attested ? price - attested : attested - price;
        // A price of 0 attested is as far away as can be.
        if (apart * ONE_BPS > attested * policy.maxPriceDeviationBps) revert PriceMoved(attested, price);
    }
}
