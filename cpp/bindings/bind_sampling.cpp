#include "bindings.hpp"

namespace longplay {

void bind_sampling(py::module_& m) { (void)m; }

}  // namespace longplay
