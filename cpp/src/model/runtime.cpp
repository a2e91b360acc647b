#include "model/runtime.hpp"

#include "base/require.hpp"
#include "model/operators/operators.hpp"
#include "model/operators/usable_kernels.hpp"

namespace longplay {

namespace {

const operators::Kernels& chosen_kernels(const std::string& name) {
  if (const operators::Kernels* const chosen = operators::kernels_named(name)) return *chosen;
  std::string names;
  for (const std::string& usable : Runtime::usable_kernels()) names += (names.empty() ? "" : ", ") + usable;
  refuse("kernels must be one of " + names, name);
}

}  // namespace

Runtime::Impl::Impl(const std::string& library_path, const operators::Kernels& chosen)
    : kernels(chosen), library(library_path) {
  library.add_operators(operators::kDomain, operators::make_operators(library.api(), kernels));
}

Runtime::Runtime(const std::string& library_path, const std::string& kernels)
    : impl_(new Impl(library_path, chosen_kernels(kernels))) {}

// A forked child does not free it, as it does not free a Model.
Runtime::~Runtime() {
  if (!process_.is_current()) static_cast<void>(impl_.release());
}

std::string Runtime::version() const { return impl_->library.version(); }

std::string Runtime::kernels() const { return impl_->kernels.name; }

std::vector<std::string> Runtime::usable_kernels() {
  std::vector<std::string> names;
  for (const operators::Kernels* const usable : operators::usable_kernels()) names.emplace_back(usable->name);
  return names;
}

}  // namespace longplay
