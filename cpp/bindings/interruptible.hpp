// Long calls of the core, which Ctrl-C and the caller's `cancel` end.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/stop.hpp"
#include "bindings.hpp"

namespace longplay {

// Runs `work` in another thread while the caller waits without the GIL. Every few milliseconds the caller
// lets Python handle signals, and asks `cancel.is_set()` unless `cancel` is None. An exception of a handler,
// or Cancelled, requests a stop; it is thrown once `work` is over.
void run_interruptibly(const py::object& cancel, Stop& stop, const std::function<void()>& work);

// Calls `work(stop)` and returns its result. The work must not touch Python objects.
template <typename Function>
auto interruptible(const py::object& cancel, const Function& work) {
  using Result = std::invoke_result_t<const Function&, Stop&>;
  Stop stop;
  if constexpr (std::is_void_v<Result>) {
    run_interruptibly(cancel, stop, [&] { work(stop); });
  } else {
    std::optional<Result> result;
    run_interruptibly(cancel, stop, [&] { result.emplace(work(stop)); });
    return std::move(*result);
  }
}

}  // namespace longplay
