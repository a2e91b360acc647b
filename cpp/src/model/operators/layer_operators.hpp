// The operators of a Transformer's layers beside attention.
#pragma once

#include <array>
#include <cstddef>

#include "model/operators/kernels.hpp"
#include "model/operators/operator.hpp"

namespace longplay::operators {

// The gain of a norm.
class Gain {
 public:
  Gain(const Info& info, std::size_t index) : values_(info.constant(index, "gain")) {
    require(values_.rank == 1 && values_.width % kLanes == 0, "gain must be (width,), a multiple of 16");
  }

  // Returns the gain for the rows of x.
  const float* of(const Tensor& x) const {
    require(x.is(x.rows, values_.width), "x must be (rows, width of the gain)");
    return values_.as<float>();
  }

 private:
  Tensor values_;
};

struct Norm {
  static constexpr const char* kName = "Norm";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32};

  explicit Norm(const Info& info) : kernels(info.kernels()), gain(info, 1) {}

  void compute(const Context& context) {
    const Tensor x = context.input(0);
    const float* const factors = gain.of(x);
    kernels.normalise(x.as<float>(), x.rows, x.width, factors, context.output(0, x.rows, x.width));
  }

  const Kernels& kernels;
  Gain gain;
};

struct AddNorm {
  static constexpr const char* kName = "AddNorm";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementFloat32, ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32, ort::kElementFloat32};

  explicit AddNorm(const Info& info) : kernels(info.kernels()), gain(info, 2) {}

  void compute(const Context& context) {
    const Tensor x = context.input(0), added = context.input(1);
    const float* const factors = gain.of(x);
    require(added.is(x.rows, x.width), "added must have the shape of x");
    float* const y = context.output(0, x.rows, x.width);
    float* const sum = context.output(1, x.rows, x.width);
    kernels.add_and_normalise(x.as<float>(), added.as<float>(), x.rows, x.width, factors, y, sum);
  }

  const Kernels& kernels;
  Gain gain;
};

struct GatedUnit {
  static constexpr const char* kName = "GatedUnit";
  static constexpr std::array kInputs{ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32};

  explicit GatedUnit(const Info& info) : kernels(info.kernels()) {}

  void compute(const Context& context) {
    const Tensor both = context.input(0);
    require(both.rank == 2 && both.width % 2 == 0, "both must be (rows, 2 * units)");
    const std::size_t units = both.width / 2;
    kernels.open_gates(both.as<float>(), both.rows, units, context.output(0, both.rows, units));
  }

  const Kernels& kernels;
};

struct AddEarlier {
  static constexpr const char* kName = "AddEarlier";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementFloat32, ort::kElementFloat32};
  static constexpr std::array kOutputs{ort::kElementFloat32, ort::kElementFloat32};

  explicit AddEarlier(const Info& info) : kernels(info.kernels()), part(info.constant(2, "part")) {}

  void compute(const Context& context) {
    const Tensor x = context.input(0), earlier = context.input(1);
    require(part.is(x.width) && x.rank == 2, "x must be (rows, width), and part (width,)");
    require(earlier.is(x.rows, x.width), "earlier must have the shape of x");
    float* const sum = context.output(0, x.rows, x.width);
    float* const next = context.output(1, x.rows, x.width);
    kernels.add_earlier(x.as<float>(), earlier.as<float>(), x.rows, x.width, part.as<float>(), sum, next);
  }

  const Kernels& kernels;
  Tensor part;
};

}  // namespace longplay::operators
