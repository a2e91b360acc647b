#include "score/channels.hpp"

#include <algorithm>
#include <cstdlib>

#include "score/score.hpp"

namespace longplay {
namespace {

constexpr std::size_t kMelodicChannels = 15;
constexpr std::uint8_t kDrumChannel = 9;
constexpr std::uint8_t kProgramChange = 0xC0;

// The programs with the most notes, ascending, without drums.
std::vector<std::uint8_t> most_frequent(const std::vector<Note>& notes) {
  std::array<std::size_t, Note::kPrograms> counts{};
  for (const Note& note : notes) ++counts[note.program];
  std::vector<std::uint8_t> programs;
  for (std::size_t program = 0; program < Note::kDrums; ++program)
    if (counts[program] > 0) programs.push_back(static_cast<std::uint8_t>(program));
  std::ranges::stable_sort(programs, std::greater{}, [&](std::uint8_t program) { return counts[program]; });
  programs.resize(std::min(programs.size(), kMelodicChannels));
  std::ranges::sort(programs);
  return programs;
}

void merge_rare(std::vector<Note>& notes, const std::vector<std::uint8_t>& kept) {
  bool merged = false;
  for (Note& note : notes) {
    if (note.program == Note::kDrums || std::ranges::binary_search(kept, note.program)) continue;
    note.program = *std::ranges::min_element(
        kept, {}, [&](std::uint8_t program) { return std::abs(program - note.program); });
    merged = true;
  }
  if (merged) resolve_overlaps(notes);
}

}  // namespace

Channels assign_channels(std::vector<Note>& notes) {
  Channels channels;
  const std::vector<std::uint8_t> programs = most_frequent(notes);
  merge_rare(notes, programs);
  std::uint8_t channel = 0;
  for (const std::uint8_t program : programs) {
    channels.of[program] = channel;
    channels.changes.push_back({0, static_cast<std::uint8_t>(kProgramChange | channel), program, 0});
    channel = static_cast<std::uint8_t>(channel + (channel + 1 == kDrumChannel ? 2 : 1));
  }
  channels.of[Note::kDrums] = kDrumChannel;
  return channels;
}

}  // namespace longplay
