#include "operators/kernels.hpp"

namespace longplay::operators {

#ifdef LONGPLAY_X86_KERNELS

extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;

const Kernels* kernels_for(InstructionSet set) {
  if (set == InstructionSet::avx2) {
    const bool has =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
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
