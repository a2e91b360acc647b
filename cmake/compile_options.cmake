# Warnings, arithmetic that is the same everywhere, and the kernels for processors of the target's kind.

function(longplay_compile_options target)
  if(CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC")
    target_compile_options(${target} PRIVATE /W4)
    # No fused multiply-add. Microsoft's compiler makes none by default.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:/clang:-ffp-contract=off>)
  else()
    # No fused multiply-add: the same draws on every machine.
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -ffp-contract=off)
  endif()
endfunction()

foreach(library longplay_kernels longplay_core longplay_model)
  longplay_compile_options(${library})
endforeach()

# A build for several of Apple's processors at once has the scalar kernels only.
set(processor ${CMAKE_SYSTEM_PROCESSOR})
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
  set(processor ${CMAKE_OSX_ARCHITECTURES})
endif()
if(NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(processor "of 32 bits")
endif()

set(operators cpp/src/model/operators)
if(processor MATCHES "^(x86_64|AMD64)$")
  target_sources(longplay_kernels PRIVATE ${operators}/kernels_sse2.cpp)
  target_compile_definitions(longplay_kernels PRIVATE LONGPLAY_SSE2_KERNELS)
endif()
# Microsoft's compiler has other names for all other instructions.
if(CMAKE_CXX_COMPILER_ID STREQUAL "MSVC")
elseif(processor MATCHES "^(x86_64|AMD64)$")
  target_sources(longplay_kernels PRIVATE ${operators}/kernels_avx2.cpp ${operators}/kernels_avx512.cpp)
  target_compile_definitions(longplay_kernels PRIVATE LONGPLAY_X86_KERNELS)
  set_source_files_properties(${operators}/kernels_avx2.cpp PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
  # GCC warns of undefined vectors in its own avx512fintrin.h (GCC bug 105593).
  set_source_files_properties(${operators}/kernels_avx512.cpp PROPERTIES
    COMPILE_OPTIONS "-mavx512f;-mavx512bw;-mavx512vl;-mavx512vnni;$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>")
  if(MINGW AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC moves 32 bytes as if the stack of Windows, of 16, were aligned to them (GCC bug 54412).
    target_compile_options(longplay_kernels PRIVATE -Wa,-muse-unaligned-vector-move)
  endif()
elseif(processor MATCHES "^(aarch64|arm64|ARM64)$")
  target_sources(longplay_kernels PRIVATE ${operators}/kernels_neon.cpp ${operators}/kernels_neon_dot.cpp)
  target_compile_definitions(longplay_kernels PRIVATE LONGPLAY_ARM_KERNELS)
  set_source_files_properties(${operators}/kernels_neon_dot.cpp PROPERTIES COMPILE_OPTIONS "-march=armv8.2-a+dotprod")
endif()
