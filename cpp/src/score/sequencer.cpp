#include "score/sequencer.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace longplay {
namespace {

constexpr int kTicksPerQuarter = 500;   // at the default 120 quarter notes per minute a tick is 1 ms
constexpr std::uint8_t kNoteOn = 0x90;  // with velocity 0 it is a note_off of the same status
constexpr std::uint8_t kNoteOff = 0x80;

// A message as a number; an earlier message has a smaller number. From the highest bits down: the time,
// whether it starts a note, the pitch, the status, the velocity.
constexpr int kTimeAt = 24;
constexpr int kStartAt = 23;
constexpr int kPitchAt = 16;
constexpr int kStatusAt = 8;

std::int64_t as_number(const ChannelMessage& message) {
  const int starts = message.data2 > 0 ? 1 : 0;
  return message.tick << kTimeAt | starts << kStartAt | message.data1 << kPitchAt |
         message.status << kStatusAt | message.data2;
}

ChannelMessage as_message(std::int64_t number) {
  return {number >> kTimeAt, static_cast<std::uint8_t>(number >> kStatusAt),
          static_cast<std::uint8_t>(number >> kPitchAt & 0x7F), static_cast<std::uint8_t>(number)};
}

}  // namespace

void Sorter::sort(std::vector<std::int64_t>& numbers) {
  if (numbers.empty()) return;
  constexpr int kRounds = 3;
  const auto [lowest, highest] = std::ranges::minmax(numbers);
  const auto range = static_cast<std::uint64_t>(highest - lowest) >> lowest_bit_;
  const int bits = (64 - std::countl_zero(range)) / kRounds + 1;
  sorted_.resize(numbers.size());
  for (int round = 0; round < kRounds; ++round) {
    positions_.assign(std::size_t{1} << bits, 0);
    const auto position = [&, from = lowest](std::int64_t number) -> std::uint32_t& {
      const auto part = static_cast<std::uint64_t>(number - from) >> (lowest_bit_ + round * bits);
      return positions_[part & (positions_.size() - 1)];
    };
    for (const std::int64_t each : numbers) ++position(each);
    std::exclusive_scan(positions_.begin(), positions_.end(), positions_.begin(), 0U);
    for (const std::int64_t each : numbers) sorted_[position(each)++] = each;
    numbers.swap(sorted_);
  }
}

Sequencer::Sequencer(std::size_t notes, std::vector<std::int64_t> anchors, bool running_status,
                     const Channels& channels)
    : off_status_(running_status ? kNoteOn : kNoteOff),
      channels_(channels.of),
      anchors_(std::move(anchors)),
      sorter_(kPitchAt),
      writer_(2 * notes + anchors_.size(), kTicksPerQuarter, running_status) {
  writer_.add(channels.changes);
}

void Sequencer::add(std::span<const Note> notes) {
  constexpr std::size_t kSome = 2048;  // few enough that they stay in a cache
  for (; notes.size() > kSome; notes = notes.subspan(kSome)) add_some(notes.first(kSome));
  add_some(notes);
}

void Sequencer::add_some(std::span<const Note> notes) {
  starts_.clear();
  for (const Note& note : notes) {
    const std::uint8_t channel = channels_[note.program];
    const auto on = static_cast<std::uint8_t>(kNoteOn | channel);
    const auto off = static_cast<std::uint8_t>(off_status_ | channel);
    starts_.push_back(as_number({note.onset_ms, on, note.pitch, note.velocity}));
    ends_.push_back(as_number({note.onset_ms + note.duration_ms, off, note.pitch, 0}));
  }
  sorter_.sort(ends_);
  numbers_.resize(starts_.size() + ends_.size());
  std::size_t started = 0;
  std::size_t count = 0;
  for (; started < starts_.size(); ++count) {  // a note ends after it starts, so `ends_` is not empty
    const std::int64_t start = starts_[started];
    const std::int64_t end = ends_[count - started];
    numbers_[count] = std::min(start, end);
    started += static_cast<std::size_t>(start < end);
  }
  write(std::span(numbers_).first(count));
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(count - started));
}

std::vector<std::uint8_t> Sequencer::finish(std::int64_t length_ms) {
  write(ends_);
  while (next_anchor_ < anchors_.size()) write_anchor();
  return writer_.finish(length_ms);
}

void Sequencer::write(std::span<const std::int64_t> numbers) {
  while (next_anchor_ < anchors_.size()) {
    const std::int64_t anchor = anchors_[next_anchor_];
    const auto there = std::ranges::lower_bound(numbers, anchor << kTimeAt);
    write_messages({numbers.begin(), there});
    numbers = {there, numbers.end()};
    if (numbers.empty()) return;
    const bool ends_a_note = numbers.front() >> kStartAt == anchor << (kTimeAt - kStartAt);
    if (ends_a_note)
      ++next_anchor_;  // a note_off is there already
    else
      write_anchor();
  }
  write_messages(numbers);
}

void Sequencer::write_messages(std::span<const std::int64_t> numbers) {
  messages_.resize(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    messages_[i] = as_message(numbers[i]);
    if ((messages_[i].status & 0x0F) == 0) sounding_[messages_[i].data1] = messages_[i].data2 > 0;
  }
  writer_.add(messages_);
}

// Adds a note_off that ends no note.
void Sequencer::write_anchor() {
  const std::int64_t tick = anchors_[next_anchor_++];
  const auto silent = std::ranges::find(sounding_, false);
  const ChannelMessage anchor =
      silent == sounding_.end()  // every key of channel 1 is down: channel 2 has none
          ? ChannelMessage{tick, static_cast<std::uint8_t>(off_status_ | 1), 0, 0}
          : ChannelMessage{tick, off_status_, static_cast<std::uint8_t>(silent - sounding_.begin()), 0};
  writer_.add({&anchor, 1});
}

}  // namespace longplay
