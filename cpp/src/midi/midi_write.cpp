#include <string>
#include <string_view>
#include <utility>

#include "base/require.hpp"
#include "midi/midi_file.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kMaxDelta = (std::int64_t{1} << 28) - 1;  // four bytes of seven bits
constexpr std::size_t kMaxMessageBytes = 7;                      // a delta and three bytes
constexpr std::size_t kUsualMessageBytes = 4;
constexpr std::size_t kEndBytes = 7;  // a delta and End-of-Track

// The file's header, of type 0 with one track, and the track's; division and size are still 0.
using namespace std::string_view_literals;
constexpr std::string_view kHead = "MThd\0\0\0\6\0\0\0\1\0\0MTrk\0\0\0\0"sv;
constexpr std::size_t kDivisionAt = 12;

// Up to eight bytes of a file as a number, the last one lowest.
struct Few {
  std::uint64_t value = 0;
  int size = 0;

  void append(std::uint8_t byte) {
    value = value << 8 | byte;
    ++size;
  }

  // Writes eight bytes, which begin with those of the number. Returns the position after the number.
  std::uint8_t* store(std::uint8_t* to) const {
    const std::uint64_t from_the_top = value << (64 - 8 * size);
    for (int i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(from_the_top >> (56 - 8 * i));
    return to + size;
  }
};
constexpr std::size_t kStoredBytes = sizeof(Few::value);

// Encodes seven bits a byte, the highest first; all bytes but the last have their top bit set. Has no branch
// on the number of bytes, which the processor could not predict.
Few variable_length(std::int64_t ticks) {
  const auto value = static_cast<std::uint64_t>(ticks);
  const int size = 1 + (value > 0x7F) + (value > 0x3FFF) + (value > 0x1F'FFFF);
  const std::uint64_t spread =
      (value & 0x7F) | (value & 0x3F80) << 1 | (value & 0x1F'C000) << 2 | (value & 0xFE0'0000) << 3;
  const std::uint64_t more_follow = 0x8080'8000 & ((std::uint64_t{1} << 8 * size) - 1);
  return {spread | more_follow, size};
}

bool follows(std::int64_t tick, std::int64_t before) { return tick >= before && tick - before <= kMaxDelta; }

bool is_channel_message(const ChannelMessage& message) {
  return message.status >= 0x80 && message.status < 0xF0 && (message.data1 | message.data2) < 0x80;
}

// `name` names the tick of a message, or the end tick.
[[noreturn]] void refuse_tick(const std::string& name, std::int64_t tick, std::int64_t before) {
  refuse_range(name, tick, before, before + kMaxDelta);
}

[[noreturn]] void refuse_message(const ChannelMessage& message, std::size_t index, std::int64_t before) {
  const std::string name = "messages[" + std::to_string(index) + "].";
  require_range<int>(name + "status", message.status, 0x80, 0xEF);
  require_range<int>(name + "data1", message.data1, 0, 0x7F);
  require_range<int>(name + "data2", message.data2, 0, 0x7F);
  refuse_tick(name + "tick", message.tick, before);
}

}  // namespace

MidiWriter::MidiWriter(std::size_t messages, int ticks_per_quarter, bool running_status)
    : running_status_(running_status) {
  require_range("ticks_per_quarter", ticks_per_quarter, 1, 0x7FFF);
  bytes_.reserve(kHead.size() + messages * kUsualMessageBytes + kEndBytes + kStoredBytes);
  bytes_.assign(kHead.begin(), kHead.end());
  bytes_[kDivisionAt] = static_cast<std::uint8_t>(ticks_per_quarter >> 8);
  bytes_[kDivisionAt + 1] = static_cast<std::uint8_t>(ticks_per_quarter & 0xFF);
}

void MidiWriter::add(std::span<const ChannelMessage> messages) {
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + messages.size() * kMaxMessageBytes + kStoredBytes);
  std::uint8_t* next = bytes_.data() + begin;
  std::int64_t tick = tick_;
  int status = status_;
  for (const ChannelMessage& message : messages) {
    if (!is_channel_message(message) || !follows(message.tick, tick))
      refuse_message(message, count_ + static_cast<std::size_t>(&message - messages.data()), tick);
    Few written = variable_length(message.tick - tick);
    if (!running_status_ || message.status != status) written.append(message.status);
    written.append(message.data1);
    if (has_two_data_bytes(message.status)) written.append(message.data2);
    next = written.store(next);
    tick = message.tick;
    status = message.status;
  }
  bytes_.resize(static_cast<std::size_t>(next - bytes_.data()));
  tick_ = tick;
  status_ = status;
  count_ += messages.size();
}

std::vector<std::uint8_t> MidiWriter::finish(std::int64_t end_tick) {
  if (!follows(end_tick, tick_)) refuse_tick("end_tick", end_tick, tick_);
  Few end = variable_length(end_tick - tick_);
  for (const std::uint8_t byte : {kMeta, kMetaEndOfTrack, std::uint8_t{0}}) end.append(byte);
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + kStoredBytes);
  bytes_.resize(static_cast<std::size_t>(end.store(&bytes_[begin]) - bytes_.data()));
  const std::size_t track = bytes_.size() - kHead.size();
  for (std::size_t i = 1; i <= 4; ++i)
    bytes_[kHead.size() - i] = static_cast<std::uint8_t>(track >> (8 * (i - 1)));
  return std::move(bytes_);
}

}  // namespace longplay
