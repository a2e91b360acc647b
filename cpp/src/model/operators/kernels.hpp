// What our operators compute. Arrays are row by row, without gaps; a row's result is the same bits whatever
// the other rows are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longplay::operators {

constexpr std::size_t kGroup = 4;   // inputs that one instruction multiplies and adds up, in each lane
constexpr std::size_t kLanes = 16;  // outputs of an instruction
constexpr std::size_t kBlocks = 4;  // instructions of a panel side by side
constexpr int kZero = 128;          // what is added to quantised inputs, to make them unsigned

// The outputs of one block of a panel: `lanes` of them, from `first` on.
struct Block {
  std::uint32_t first;
  std::uint32_t lanes;
};

// What a kernel is given. A panel is the weights of `kBlocks * kLanes` outputs: for each group of inputs,
// for each output, the group's weights. A row of inputs has `groups * kGroup` bytes.
struct Panels {
  const std::int8_t* weights;
  const std::int32_t* offsets;  // per output of each panel: what takes `kZero` out again
  const Block* blocks;          // `kBlocks` per panel
  std::size_t count;
  std::size_t groups;
};

// A value for each output: the same for all rows (`stride` 0), or `stride` values for each row.
struct PerOutput {
  const float* values;
  std::size_t stride;
};

// Of a table in half precision, of `width` columns: the numbers of `count` of its rows for each row.
struct Embeddings {
  const std::uint16_t* table;
  std::size_t width;
  const std::size_t* chosen;
  std::size_t count;
};

struct Kernels {
  const char* name;  // of the instruction set

  // Whole numbers for [-1, 1], 127 for 1, plus kZero; what lies outside is cut off. `row_bytes` are at least
  // `width`; the rest is 0.
  void (*quantise)(const float* given, std::size_t rows, std::size_t width, std::size_t row_bytes,
                   std::uint8_t* quantised);

  // told = given * weights * scale + bias, of `outputs` a row.
  void (*multiply)(const Panels& weights, const std::uint8_t* given, std::size_t rows, const float* scale,
                   PerOutput bias, std::size_t outputs, float* told);

  // `step_cells` of the gates that `multiply` would tell. `told` may be what `given` was quantised from.
  void (*multiply_and_step)(const Panels& weights, const std::uint8_t* given, std::size_t rows,
                            const float* scale, PerOutput bias, std::size_t units, const float* cells,
                            float* told, float* next_cells);

  // One step of an LSTM's units. Gates are (rows, 4 * units): input, forget, output, candidate. `next_cells`
  // may be `cells`.
  void (*step_cells)(const float* gates, std::size_t rows, std::size_t units, const float* cells, float* told,
                     float* next_cells);

  // For each row the sum of its embeddings.
  void (*sum_embeddings)(const Embeddings& embeddings, std::size_t rows, float* sums);

  // What `quantise` makes of tanh(given + sum of a row's embeddings); rows of `given` are `stride` apart.
  void (*quantise_hidden)(const Embeddings& embeddings, const float* given, std::size_t stride,
                          std::size_t rows, std::size_t row_bytes, std::uint8_t* quantised);
};

// What there are kernels for. They give the same bits, but need not be as fast.
enum class InstructionSet { avx2, avx512 };

// Defined where the library is built for x86-64.
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;

// Null where this processor does not have the instructions, or the library was built without their kernels.
const Kernels* kernels_for(InstructionSet set);

// The fastest for this processor, or null.
const Kernels* kernels();

}  // namespace longplay::operators
