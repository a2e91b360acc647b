#include "bindings.hpp"

namespace longplay {

void bind_model(py::module_& m) { (void)m; }

}  // namespace longplay
