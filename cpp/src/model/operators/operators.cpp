#include "model/operators/operators.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/operators/int8_ring_attention.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/layer_operators.hpp"
#include "model/operators/note_places.hpp"
#include "model/operators/operator.hpp"
#include "model/operators/panels.hpp"

namespace longplay::operators {
namespace {

// An int8 product, of the inputs x, weight, scale and bias.
class Int8Product {
 public:
  Int8Product(const Info& info, std::size_t weight, bool by_gate)
      : Int8Product(info.kernels(), info.constant(weight, "weight"), info.constant(weight + 1, "scale"),
                    by_gate) {}

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t row_bytes() const { return weights_.panels().groups * kGroup; }

  // Returns memory for the quantised inputs of `rows` rows.
  std::uint8_t* quantised(std::size_t rows) {
    quantised_.resize(std::max(quantised_.size(), rows * row_bytes()));
    return quantised_.data();
  }

  // Quantises x. After that, the memory of x may be overwritten.
  const std::uint8_t* quantise(const Tensor& x) {
    require(x.is(x.rows, inputs_), "x must be (rows, inputs of the weight)");
    kernels_.quantise(x.as<float>(), x.rows, inputs_, row_bytes(), quantised(x.rows));
    return quantised_.data();
  }

  PerOutput bias(const Tensor& values, std::size_t rows) const {
    require(values.is(outputs_) || values.is(rows, outputs_), "bias must be (outputs,) or (rows, outputs)");
    return {values.as<float>(), values.rank == 1 ? 0 : outputs_};
  }

  const Kernels& kernels() const { return kernels_; }
  Panels panels() const { return weights_.panels(); }
  const float* scale() const { return scale_.data(); }

 private:
  Int8Product(const Kernels& kernels, const Tensor& weight, const Tensor& scale, bool by_gate)
      : kernels_(kernels),
        inputs_(weight.rows),
        outputs_(weight.width),
        weights_(checked(weight, by_gate), inputs_, outputs_, by_gate),
        scale_(scale.as<float>(), scale.as<float>() + scale.width) {
    require(scale.is(outputs_), "scale must be (outputs,)");
  }

  static std::span<const std::int8_t> checked(const Tensor& weight, bool by_gate) {
    require(weight.rank == 2 && weight.rows > 0 && weight.width > 0, "weight must be (inputs, outputs)");
    require(!by_gate || weight.width % kBlocks == 0, "weight must have outputs for four gates");
    const std::span numbers(weight.as<const std::int8_t>(), weight.rows * weight.width);
    // The AVX2 kernels need this: the sum of two such weights times 255 fits 16 bits.
    const bool fit = std::ranges::all_of(numbers, [](int number) { return number >= -64 && number < 64; });
    require(fit, "weight must be in [-64, 63]");
    return numbers;
  }

  const Kernels& kernels_;
  std::size_t inputs_;
  std::size_t outputs_;
  PackedWeights weights_;
  std::vector<float> scale_;
  std::vector<std::uint8_t> quantised_;
};

struct Int8Linear {
  static constexpr const char* kName = "Int8Linear";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementInt8, ort::kElementFloat32,
                                      ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32};

  explicit Int8Linear(const Info& info) : product(info, 1, false) {}

  void compute(const Context& context) {
    const Tensor x = context.input(0);
    const PerOutput bias = product.bias(context.input(3), x.rows);
    const std::uint8_t* const quantised = product.quantise(x);
    product.kernels().multiply(product.panels(), quantised, x.rows, product.scale(), bias, product.outputs(),
                               context.output(0, x.rows, product.outputs()));
  }

  Int8Product product;
};

struct Int8LSTMCell {
  static constexpr const char* kName = "Int8LSTMCell";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementFloat32, ort::kElementInt8,
                                      ort::kElementFloat32, ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32, ort::kElementFloat32};

  explicit Int8LSTMCell(const Info& info) : product(info, 2, true) {}

  void compute(const Context& context) {
    const Tensor x = context.input(0);
    const Tensor cells = context.input(1);
    const std::size_t units = product.outputs() / kBlocks;
    require(cells.is(x.rows, units), "c must be (rows, units)");
    const PerOutput bias = product.bias(context.input(4), x.rows);
    const std::uint8_t* const quantised = product.quantise(x);
    float* const h = context.output(0, x.rows, units);
    float* const next_cells = context.output(1, x.rows, units);
    product.kernels().multiply_and_step(product.panels(), quantised, x.rows, product.scale(), bias, units,
                                        cells.as<float>(), h, next_cells);
  }

  Int8Product product;
};

struct LSTMGates {
  static constexpr const char* kName = "LSTMGates";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32, ort::kElementFloat32};

  explicit LSTMGates(const Info& info) : kernels(info.kernels()) {}

  void compute(const Context& context) {
    const Tensor gates = context.input(0);
    const Tensor cells = context.input(1);
    require(cells.rank == 2 && gates.is(cells.rows, kBlocks * cells.width),
            "gates must be (rows, 4 * units), c (rows, units)");
    float* const h = context.output(0, cells.rows, cells.width);
    float* const next_cells = context.output(1, cells.rows, cells.width);
    kernels.step_cells(gates.as<float>(), cells.rows, cells.width, cells.as<float>(), h, next_cells);
  }

  const Kernels& kernels;
};

// A lookup, of the inputs ids, begins and table: rows of several tables stored one after another.
class Lookup {
 public:
  Lookup(const Info& info, std::size_t begins)
      : begins_(info.constant(begins, "begins")), table_(info.constant(begins + 1, "table")) {
    require(begins_.rank == 1, "begins must be (tables,)");
    require(table_.rank == 2, "table must be (ids of all tables, width)");
  }

  std::size_t width() const { return table_.width; }

  Embeddings choose(const Tensor& ids) {
    const std::size_t count = begins_.width;
    require(ids.is(ids.rows, count), "ids must be (rows, tables)");
    chosen_.resize(std::max(chosen_.size(), ids.rows * count));
    for (std::size_t i = 0; i < ids.rows * count; ++i) {
      const std::uint64_t index = ids.as<std::uint64_t>()[i] + begins_.as<std::uint64_t>()[i % count];
      require(index < table_.rows, "an id is beyond the table");  // a negative one, too
      chosen_[i] = index;
    }
    return {table_.as<std::uint16_t>(), table_.width, chosen_.data(), count};
  }

 private:
  Tensor begins_;
  Tensor table_;
  std::vector<std::size_t> chosen_;
};

struct EmbeddingSum {
  static constexpr const char* kName = "EmbeddingSum";
  static constexpr std::array kInputs{ort::kElementInt64, ort::kElementInt64, ort::kElementFloat16};
  static constexpr std::array kOutputs{ort::kElementFloat32};

  explicit EmbeddingSum(const Info& info) : kernels(info.kernels()), lookup(info, 1) {}

  void compute(const Context& context) {
    const Tensor ids = context.input(0);
    kernels.sum_embeddings(lookup.choose(ids), ids.rows, context.output(0, ids.rows, lookup.width()));
  }

  const Kernels& kernels;
  Lookup lookup;
};

struct Int8Head {
  static constexpr const char* kName = "Int8Head";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementInt64,   ort::kElementInt64,
                                      ort::kElementInt64,   ort::kElementFloat16, ort::kElementInt8,
                                      ort::kElementFloat32, ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32};

  explicit Int8Head(const Info& info) : lookup(info, 3), product(info, 5, false) {
    const Tensor first = info.constant(1, "begin");
    require(first.is(1) && *first.as<std::int64_t>() >= 0, "begin must be one number, not negative");
    begin = static_cast<std::size_t>(*first.as<std::int64_t>());
    require(lookup.width() == product.inputs(), "table must be as wide as the weight has inputs");
  }

  void compute(const Context& context) {
    const Tensor hidden_state = context.input(0);
    require(hidden_state.rank == 2 && hidden_state.width >= begin + lookup.width(),
            "context is not wide enough");
    const Tensor drawn = context.input(2);
    require(drawn.rows == hidden_state.rows, "context and drawn must have the same number of rows");
    const PerOutput bias = product.bias(context.input(7), hidden_state.rows);
    std::uint8_t* const hidden = product.quantised(hidden_state.rows);
    product.kernels().quantise_hidden(lookup.choose(drawn), hidden_state.as<float>() + begin,
                                      hidden_state.width, hidden_state.rows, product.row_bytes(), hidden);
    product.kernels().multiply(product.panels(), hidden, hidden_state.rows, product.scale(), bias,
                               product.outputs(), context.output(0, hidden_state.rows, product.outputs()));
  }

  Lookup lookup;
  Int8Product product;
  std::size_t begin = 0;
};

}  // namespace

std::vector<std::shared_ptr<const ort::CustomOp>> make_operators(const ort::Api& api,
                                                                 const Kernels& kernels) {
  return {
      std::make_shared<Operator<Int8Linear>>(api, kernels),
      std::make_shared<Operator<Int8LSTMCell>>(api, kernels),
      std::make_shared<Operator<LSTMGates>>(api, kernels),
      std::make_shared<Operator<EmbeddingSum>>(api, kernels),
      std::make_shared<Operator<Int8Head>>(api, kernels),
      std::make_shared<Operator<Norm>>(api, kernels),
      std::make_shared<Operator<AddNorm>>(api, kernels),
      std::make_shared<Operator<GatedUnit>>(api, kernels),
      std::make_shared<Operator<AddEarlier>>(api, kernels),
      std::make_shared<Operator<NotePlaces>>(api, kernels),
      std::make_shared<Operator<Int8RingAttention>>(api, kernels),
  };
}

}  // namespace longplay::operators
