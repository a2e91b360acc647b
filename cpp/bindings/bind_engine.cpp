#include "bindings.hpp"

namespace longplay {

void bind_engine(py::module_& m) { (void)m; }

}  // namespace longplay
