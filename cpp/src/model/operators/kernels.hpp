// The kernels of our operators. Arrays are row-major and contiguous. The result of a row does not depend on
// the other rows, to the bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longplay::operators {

constexpr std::size_t kGroup = 4;           // inputs that one instruction multiplies and sums in each lane
constexpr std::size_t kLanes = 16;          // outputs of an instruction
constexpr std::size_t kBlocks = 4;          // instructions of a panel side by side
constexpr int kZero = 128;                  // added to quantised inputs to make them unsigned
constexpr std::size_t kMostChannels = 256;  // of a head whose notes are in int8

// The outputs of one block of a panel: `lanes` of them, from `first` on.
struct Block {
  std::uint32_t first;
  std::uint32_t lanes;
};

// The weights of a product. A panel is the weights of `kBlocks * kLanes` outputs: for each group of inputs,
// for each output, the group's weights. A row of inputs has `groups * kGroup` bytes.
struct Panels {
  const std::int8_t* weights;
  const std::int32_t* offsets;  // per output of each panel: corrects the sum for `kZero`
  const Block* blocks;          // `kBlocks` per panel
  std::size_t count;
  std::size_t groups;
};

// A value for each output: the same for all rows (`stride` 0), or `stride` values for each row.
struct PerOutput {
  const float* values;
  std::size_t stride;
};

// A table of embeddings in half precision with `width` columns, and `count` indices into it for each row.
struct Embeddings {
  const std::uint16_t* table;
  std::size_t width;
  const std::size_t* chosen;
  std::size_t count;
};

// The properties that all rows of an attention share. Slots are in rings: ring r begins at the slot
// `begins[r]`. Numbers of slots, of channels, and beginnings of rings are multiples of 2 * kLanes.
struct AttentionShape {
  std::size_t keys;      // heads of keys and values
  std::size_t shared;    // heads of queries for each of them
  std::size_t channels;  // of a head
  std::size_t slots;
  std::size_t turning;  // pairs of channels that are rotated
  std::size_t rings;
  const std::size_t* begins;
  const float* lengths;  // of each head's query
  const float* sinks;    // of each head: a weight without a value
};

// Notes in int8, in blocks of kLanes slots. An integer times its slot's scale is a number.
struct Notes {
  std::int8_t* keys;      // for each head and block: (channels / kGroup, kLanes, kGroup)
  std::int8_t* values;    // for each head and block: (kLanes / 2, channels, 2)
  std::uint16_t* scales;  // in half precision, for each head: (2, slots), of keys and of values
};

// The attention of one row.
struct AttentionRow {
  const float* qkv;  // heads of queries, of keys, of values
  const float* cos;  // of each rotated pair
  const float* sin;
  std::size_t slot;         // where the current note is written
  const std::size_t* seen;  // filled slots of each ring, with the current one
  Notes notes;
};

struct Kernels {
  const char* name;  // of the instruction set

  // Quantises x to integers, 1 to 127, and adds kZero. Clamps values out of range; NaN becomes the lowest.
  // `row_bytes` is at least `width`; the other bytes of a row become 0.
  void (*quantise)(const float* x, std::size_t rows, std::size_t width, std::size_t row_bytes,
                   std::uint8_t* quantised);

  // y = x * weights * scale + bias, with `outputs` values per row.
  void (*multiply)(const Panels& weights, const std::uint8_t* x, std::size_t rows, const float* scale,
                   PerOutput bias, std::size_t outputs, float* y);

  // Runs `step_cells` on the gates of `multiply`. `h` may be the memory that `x` was quantised from.
  void (*multiply_and_step)(const Panels& weights, const std::uint8_t* x, std::size_t rows,
                            const float* scale, PerOutput bias, std::size_t units, const float* cells,
                            float* h, float* next_cells);

  // One step of the units of an LSTM with hidden states h. Gates are (rows, 4 * units): input, forget,
  // output, candidate. `next_cells` may be `cells`.
  void (*step_cells)(const float* gates, std::size_t rows, std::size_t units, const float* cells, float* h,
                     float* next_cells);

  // Computes the sum of the embeddings of each row.
  void (*sum_embeddings)(const Embeddings& embeddings, std::size_t rows, float* sums);

  // Quantises tanh(x + sum of a row's embeddings) as `quantise` does; rows of `x` are `stride` apart.
  void (*quantise_hidden)(const Embeddings& embeddings, const float* x, std::size_t stride, std::size_t rows,
                          std::size_t row_bytes, std::uint8_t* quantised);

  // Subtracts the mean of a row, divides by its standard deviation and multiplies by `gain`, (width,). The
  // width is a multiple of kLanes.
  void (*normalise)(const float* x, std::size_t rows, std::size_t width, const float* gain, float* y);

  // The same for the sum of x and `added`, which it stores.
  void (*add_and_normalise)(const float* x, const float* added, std::size_t rows, std::size_t width,
                            const float* gain, float* y, float* sum);

  // Gates `units` values of each row by as many gates, which come first, with the SiLU.
  void (*open_gates)(const float* both, std::size_t rows, std::size_t units, float* y);

  // sum = x + earlier * part, with `part` (width,). Then x becomes the next earlier, which may be `earlier`.
  void (*add_earlier)(const float* x, const float* earlier, std::size_t rows, std::size_t width,
                      const float* part, float* sum, float* next_earlier);

  // Writes the current note to its slot, and computes the outputs `y` of the heads: (keys * shared,
  // channels). `scratch` has room for `attention_scratch` numbers.
  void (*attend)(const AttentionShape& shape, const AttentionRow& row, float* scratch, float* y);
};

constexpr std::size_t attention_scratch(const AttentionShape& shape) {
  return (shape.shared + 1) * shape.keys * shape.channels;
}

// The kernels that are defined where the library is built for processors of their kind. All of them compute
// the same bits, at different speeds.
extern const Kernels kScalarKernels;
extern const Kernels kSse2Kernels;
extern const Kernels kNeonKernels;
extern const Kernels kNeonDotKernels;
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;

}  // namespace longplay::operators
