#include "model/runtime.hpp"

#include "model/operators/operators.hpp"

namespace longplay {

Runtime::Impl::Impl(const std::string& library_path) : library(library_path) {
  if (const operators::Kernels* kernels = operators::kernels())
    library.add_operators(operators::kDomain, operators::make_operators(library.api(), *kernels));
}

Runtime::Runtime(const std::string& library_path) : impl_(new Impl(library_path)) {}

// A forked child does not free it, as it does not free a Model.
Runtime::~Runtime() {
  if (!process_.is_current()) static_cast<void>(impl_.release());
}

std::string Runtime::version() const { return impl_->library.version(); }

std::string Runtime::kernels() {
  const operators::Kernels* const kernels = operators::kernels();
  return kernels ? kernels->name : "";
}

}  // namespace longplay
