#include "originality/lane_dtw.hpp"

#include <algorithm>
#include <utility>

// One function, compiled for several instruction sets and chosen when the library is loaded (glibc's
// IFUNC, which runs too early for the sanitizers).
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LONGPLAY_CLONES __attribute__((target_clones("default", "avx2"), optimize("O3")))
#define LONGPLAY_INLINE inline __attribute__((always_inline))
#else
#define LONGPLAY_CLONES
#define LONGPLAY_INLINE inline
#endif

namespace longplay {
namespace {

// out = min(up, left, corner, cap) + |x - y|, cell by cell.
template <typename Cell>
LONGPLAY_INLINE void fill_cells(const Cell* __restrict up, const Cell* __restrict left,
                                const Cell* __restrict corner, const std::uint8_t* __restrict x,
                                const std::uint8_t* __restrict y, Cell* __restrict out, std::size_t count,
                                Cell cap) {
  for (std::size_t n = 0; n < count; ++n) {
    const auto cost = static_cast<std::uint8_t>(std::max(x[n], y[n]) - std::min(x[n], y[n]));
    const Cell before = std::min(std::min(up[n], left[n]), std::min(corner[n], cap));
    out[n] = static_cast<Cell>(before + cost);
  }
}

template <typename Cell>
LONGPLAY_INLINE Cell least_cell(const Cell* cells, std::size_t count) {
  Cell least = static_cast<Cell>(~Cell{0});
  for (std::size_t n = 0; n < count; ++n) least = std::min(least, cells[n]);
  return least;
}

LONGPLAY_CLONES void fill(const std::uint8_t* up, const std::uint8_t* left, const std::uint8_t* corner,
                          const std::uint8_t* x, const std::uint8_t* y, std::uint8_t* out, std::size_t count,
                          std::uint8_t cap) {
  fill_cells(up, left, corner, x, y, out, count, cap);
}

LONGPLAY_CLONES void fill(const std::uint16_t* up, const std::uint16_t* left, const std::uint16_t* corner,
                          const std::uint8_t* x, const std::uint8_t* y, std::uint16_t* out, std::size_t count,
                          std::uint16_t cap) {
  fill_cells(up, left, corner, x, y, out, count, cap);
}

LONGPLAY_CLONES std::uint8_t least(const std::uint8_t* cells, std::size_t count) {
  return least_cell(cells, count);
}

LONGPLAY_CLONES std::uint16_t least(const std::uint16_t* cells, std::size_t count) {
  return least_cell(cells, count);
}

constexpr std::size_t kDiagonalsPerCheck = 6;  // how often to check whether any lane can be below the limit

}  // namespace

template <typename Cell>
LaneDtw<Cell>::LaneDtw(std::span<const std::uint8_t> query, int band)
    : steps_(query.size()), band_(band > 0 ? static_cast<std::size_t>(band) : query.size()) {
  query_.reserve(steps_ * kLanes);
  for (const std::uint8_t value : query) query_.insert(query_.end(), kLanes, value);
  for (auto& diagonal : diagonals_) diagonal.resize((steps_ + 2) * kLanes);
}

template <typename Cell>
const Cell* LaneDtw<Cell>::distances(const std::uint8_t* lanes, Cell limit) {
  // Row i of a diagonal is at offset (i + 1) * kLanes.
  for (auto& diagonal : diagonals_) std::fill(diagonal.begin(), diagonal.end(), kCap);
  Cell* out = diagonals_[0].data();
  Cell* before = diagonals_[1].data();
  Cell* corner = diagonals_[2].data();
  std::fill_n(corner, kLanes, Cell{0});  // the corner of cell (0, 0)

  for (std::size_t k = 0; k + 1 < 2 * steps_; ++k) {
    std::size_t begin = k < steps_ ? 0 : k - steps_ + 1;  // rows of the diagonal, i + j = k
    std::size_t end = std::min(k + 1, steps_);
    if (k > band_) begin = std::max(begin, (k - band_ + 1) / 2);  // |i - j| <= band
    end = std::min(end, (k + band_) / 2 + 1);
    fill(before + begin * kLanes, before + (begin + 1) * kLanes, corner + begin * kLanes,
         query_.data() + begin * kLanes, lanes + (steps_ - 1 + begin - k) * kLanes,
         out + (begin + 1) * kLanes, (end - begin) * kLanes, kCap);
    // Reset the row before these, which holds cells of an older diagonal. The row after them is still kCap.
    std::fill_n(out + begin * kLanes, kLanes, kCap);
    // Every path crosses at least one of two adjacent diagonals.
    if (k % kDiagonalsPerCheck == kDiagonalsPerCheck - 1) {
      const std::size_t count = (end - begin + 2) * kLanes;
      if (least(out + begin * kLanes, count) >= limit && least(before + begin * kLanes, count) >= limit)
        return nullptr;
    }
    std::swap(corner, before);
    std::swap(before, out);
  }
  return before + steps_ * kLanes;
}

template class LaneDtw<std::uint8_t>;
template class LaneDtw<std::uint16_t>;

}  // namespace longplay
