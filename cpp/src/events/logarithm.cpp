#include "events/logarithm.hpp"

#include <cmath>
#include <numbers>

namespace longplay {

double binary_logarithm(double x) {
  if (!(x > 0) || std::isinf(x)) return std::log2(x);  // an infinity or NaN
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);  // in [1/2, 1)
  if (fraction < std::numbers::sqrt2 / 2) {
    fraction *= 2;
    --exponent;
  }
  // ln(fraction) = 2 artanh(z), whose series has a term for each odd power of z; |z| < 0.172.
  const double z = (fraction - 1) / (fraction + 1);
  double sum = 0;
  for (int power = 23; power >= 1; power -= 2) sum = sum * z * z + 1.0 / power;
  return exponent + 2 * std::numbers::log2e * z * sum;
}

double natural_logarithm(double x) { return std::numbers::ln2 * binary_logarithm(x); }

}  // namespace longplay
