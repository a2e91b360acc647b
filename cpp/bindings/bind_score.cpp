#include "bindings.hpp"

namespace longplay {

void bind_score(py::module_& m) { (void)m; }

}  // namespace longplay
