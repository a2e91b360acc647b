// A model of a batch of rows: from events and states to logits. Only model.cpp uses ONNX Runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "base/stop.hpp"
#include "model/model_config.hpp"
#include "model/ort/device.hpp"

namespace longplay {

// The ONNX Runtime library of this process, and the kernels of ours that sessions on the CPU use. An empty
// name selects the fastest kernels. Throws DeviceError if the library cannot be opened, or is older
// than 1.19.
class Runtime {
 public:
  explicit Runtime(const std::string& library_path, const std::string& kernels = "");
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  std::string version() const;
  std::string kernels() const;
  // Returns the names of the kernels that this processor can run: the slowest first, the fastest last.
  static std::vector<std::string> usable_kernels();

 private:
  friend class Critic;
  friend class Model;
  struct Impl;
  std::unique_ptr<Impl> impl_;
  Process process_;
};

// The files of a model folder, in memory: sessions on several threads share them.
struct ModelFiles {
  ModelConfig config;
  std::string step;                // bytes of step.onnx
  std::vector<std::string> heads;  // bytes of head_1.onnx, head_2.onnx, ...
  std::string critic;              // bytes of critic.onnx, if the config declares a critic
};

// A model that advances up to `max_batch` rows, each with its own state. One thread at a time.
//
// A step: write each row's `event`, `control` and seed mark, call `step`, and read `logits(0)`. Then, for
// every further field f, pass the id of field f-1 to `choose`, call `head(f)`, and read `logits(f)`.
// Every call works on the rows 0 .. batch-1; the others keep their state. The model allocates nothing
// after the first step of each batch size. If a step throws, the state of its rows is lost.
class Model {
 public:
  static constexpr int kMaxBatch = 4096;

  // Throws ModelError if a file breaks the contract, DeviceError if the device is not available, and
  // Cancelled if a stop is requested. Throws std::invalid_argument if max_batch is not in [1, kMaxBatch].
  Model(std::shared_ptr<const Runtime> runtime, std::shared_ptr<const ModelFiles> files, const Device& device,
        int max_batch, Stop& stop);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Until the end of its scope, a stop ends a `step` or `head` that is under way, which throws Cancelled.
  class Stoppable {
   public:
    Stoppable(Model& model, Stop& stop);

   private:
    std::optional<Stop::Action> action_;
  };

  const ModelConfig& config() const;
  int max_batch() const;

  std::span<std::int64_t> event(int row);    // (fields,), input of the next step
  std::span<std::int64_t> control(int row);  // (controls,), input of the next step
  // Sets whether the event of the next step is one of the seed. A model without a seed mark ignores it.
  void mark_seed(int row, bool is_seed);
  // Throws std::invalid_argument naming an id out of range.
  void step(int batch);
  void choose(int row, int field, std::int32_t id);
  void head(int field, int batch);
  std::span<const float> logits(int field, int row) const;  // (size of field,)

  // State of one row: `state_bytes()` bytes. A row starts from zeros; `reset` sets it to zeros again.
  std::size_t state_bytes() const;
  void reset(int row);
  void save(int row, std::span<std::byte> state) const;
  void load(int row, std::span<const std::byte> state);

  // Counts the copies of row states: those of the calls above, and those of rows that skipped a step of a
  // model with double-buffered states. A step itself copies none.
  std::uint64_t row_copies() const;

  // Seconds spent inside ONNX Runtime's Run since construction, and those of step.onnx.
  double run_seconds() const;
  double step_seconds() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  Process process_;
};

}  // namespace longplay
