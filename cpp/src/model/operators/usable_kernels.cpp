#include "model/operators/usable_kernels.hpp"

#include <algorithm>
#include <vector>

#ifdef LONGPLAY_X86_KERNELS
#include <cpuid.h>
#endif
#if defined(LONGPLAY_ARM_KERNELS) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(LONGPLAY_ARM_KERNELS) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(LONGPLAY_ARM_KERNELS) && defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#endif

namespace longplay::operators {
namespace {

bool always() { return true; }

#ifdef LONGPLAY_X86_KERNELS
// F16C converts half precision; not every compiler's __builtin_cpu_supports accepts its name.
bool has_f16c() {
  constexpr unsigned kF16c = 1U << 29;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & kF16c) != 0;
}

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c(); }

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}
#endif

#ifdef LONGPLAY_ARM_KERNELS
bool has_dot_product() {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif defined(__linux__)
  constexpr unsigned long kDotProduct = 1UL << 20;  // HWCAP_ASIMDDP, which old headers lack
  return (getauxval(AT_HWCAP) & kDotProduct) != 0;
#elif defined(__APPLE__)
  int has = 0;
  std::size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, nullptr, 0) == 0 && has != 0;
#elif defined(_WIN32)
  constexpr DWORD kDotProduct = 43;  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE, which old headers lack
  return IsProcessorFeaturePresent(kDotProduct) != 0;
#else
  return false;
#endif
}
#endif

struct Choice {
  const Kernels* kernels;
  bool (*usable)();
};

// The slowest first.
constexpr Choice kChoices[] = {
    {&kScalarKernels, always},
#ifdef LONGPLAY_ARM_KERNELS
    {&kNeonKernels, always},   {&kNeonDotKernels, has_dot_product},
#endif
#ifdef LONGPLAY_SSE2_KERNELS
    {&kSse2Kernels, always},
#endif
#ifdef LONGPLAY_X86_KERNELS
    {&kAvx2Kernels, has_avx2}, {&kAvx512Kernels, has_avx512},
#endif
};

}  // namespace

std::span<const Kernels* const> usable_kernels() {
  static const std::vector<const Kernels*> usable = [] {
    std::vector<const Kernels*> found;
    for (const Choice& choice : kChoices) {
      if (choice.usable()) found.push_back(choice.kernels);
    }
    return found;
  }();
  return usable;
}

const Kernels* kernels_named(std::string_view name) {
  const auto usable = usable_kernels();
  if (name.empty()) return usable.back();
  const auto found = std::ranges::find(usable, name, [](const Kernels* one) { return one->name; });
  return found == usable.end() ? nullptr : *found;
}

}  // namespace longplay::operators
