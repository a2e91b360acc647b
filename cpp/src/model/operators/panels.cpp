#include "model/operators/panels.hpp"

#include <algorithm>

namespace longplay::operators {
namespace {

Block block(std::size_t first, std::size_t end) {
  const std::size_t lanes = std::min(kLanes, end - std::min(first, end));
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(lanes)};
}

}  // namespace

PackedWeights::PackedWeights(std::span<const std::int8_t> weights, std::size_t inputs, std::size_t outputs,
                             bool by_gate)
    : groups_((inputs + kGroup - 1) / kGroup) {
  const std::size_t quarter = outputs / kBlocks;
  const std::size_t step = by_gate ? kLanes : kLanes * kBlocks;
  for (std::size_t begin = 0; begin < (by_gate ? quarter : outputs); begin += step) {
    for (std::size_t b = 0; b < kBlocks; ++b) {
      blocks_.push_back(by_gate ? block(b * quarter + begin, (b + 1) * quarter)
                                : block(begin + b * kLanes, outputs));
    }
  }
  lines_.resize(blocks_.size() * groups_);
  offsets_.resize(blocks_.size() * kLanes);
  for (std::size_t index = 0; index < blocks_.size(); ++index) {
    const std::size_t panel = index / kBlocks;
    for (std::size_t lane = 0; lane < blocks_[index].lanes; ++lane) {
      for (std::size_t input = 0; input < inputs; ++input) {
        const std::int8_t weight = weights[input * outputs + blocks_[index].first + lane];
        Line& line = lines_[(panel * groups_ + input / kGroup) * kBlocks + index % kBlocks];
        line.bytes[lane * kGroup + input % kGroup] = weight;
        offsets_[index * kLanes + lane] -= kZero * weight;
      }
    }
  }
}

Panels PackedWeights::panels() const {
  return {lines_.data()->bytes, offsets_.data(), blocks_.data(), blocks_.size() / kBlocks, groups_};
}

}  // namespace longplay::operators
