// Kernels for every 64-bit ARM processor.
#include "model/operators/neon_for.hpp"

namespace longplay::operators {
namespace {

struct Multiplied {
  static constexpr const char* kName = "NEON";

  // The weights are in [-64, 63], so the sum of two products fits 16 bits.
  static int32x4_t added(int32x4_t sums, int8x16_t weights, int8x16_t inputs) {
    const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(inputs));
    const int16x8_t high = vmull_high_s8(weights, inputs);
    return vpadalq_s16(sums, vpaddq_s16(low, high));
  }
};

}  // namespace

const Kernels kNeonKernels = kKernelsFor<Neon<Multiplied>>;

}  // namespace longplay::operators
