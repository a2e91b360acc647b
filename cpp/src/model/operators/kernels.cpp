#include "model/operators/kernels.hpp"

#ifdef LONGPLAY_X86_KERNELS
#include <cpuid.h>
#endif

namespace longplay::operators {

#ifdef LONGPLAY_X86_KERNELS

namespace {

// F16C converts half precision; not every compiler's __builtin_cpu_supports accepts its name.
bool has_f16c() {
  constexpr unsigned kF16c = 1U << 29;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & kF16c) != 0;
}

}  // namespace

const Kernels* kernels_for(InstructionSet set) {
  if (set == InstructionSet::avx2) {
    const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    return has ? &kAvx2Kernels : nullptr;
  }
  const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  return has ? &kAvx512Kernels : nullptr;
}

#else

const Kernels* kernels_for(InstructionSet) { return nullptr; }

#endif

const Kernels* kernels() {
  const Kernels* const best = kernels_for(InstructionSet::avx512);
  return best ? best : kernels_for(InstructionSet::avx2);
}

}  // namespace longplay::operators
