// Kernels for ARM processors with the dot product of Armv8.2. Only this file is compiled for them.
#include "model/operators/neon_for.hpp"

namespace longplay::operators {
namespace {

struct DotProduct {
  static constexpr const char* kName = "NEON dot product";

  static int32x4_t added(int32x4_t sums, int8x16_t weights, int8x16_t inputs) {
    return vdotq_s32(sums, weights, inputs);
  }
};

}  // namespace

const Kernels kNeonDotKernels = kKernelsFor<Neon<DotProduct>>;

}  // namespace longplay::operators
