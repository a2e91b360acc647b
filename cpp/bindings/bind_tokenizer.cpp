#include "bindings.hpp"

namespace longplay {

void bind_tokenizer(py::module_& m) { (void)m; }

}  // namespace longplay
