// Kernels for every 64-bit ARM processor.
#include "model/operators/neon_for.hpp"

namespace longplay::operators {
namespace {

struct Multiplied {
  static constexpr const char* kName = "NEON";

  // The sum of two products fits 16 bits: weights are in [-64, 63], keys and queries in [-127, 127].
  static int32x4_t added(int32x4_t sums, int8x16_t weights, int8x16_t inputs) {
    const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(inputs));
    const int16x8_t high = vmull_high_s8(weights, inputs);
    return vpadalq_s16(sums, vpaddq_s16(low, high));
  }
};

}  // namespace

const Kernels kNeonKernels = kKernelsFor<Neon<Multiplied>>;

}  // namespace longplay::operators
