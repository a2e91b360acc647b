#include <stdexcept>
#include <string>

#include "longplay/midi_file.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kMaxDelta = (std::int64_t{1} << 28) - 1;  // four bytes of seven bits

constexpr std::size_t kMaxMessageBytes = 7;          // a delta and three bytes
constexpr std::size_t kFrameBytes = 14 + 8 + 4 + 3;  // header, track header, End-of-Track

// Appends to a buffer that is large enough from the start.
class Writer {
 public:
  explicit Writer(std::size_t capacity) : bytes_(capacity), next_(bytes_.data()) {}

  void byte(std::uint8_t value) { *next_++ = value; }

  void name(const char (&letters)[5]) {
    for (std::size_t i = 0; i < 4; ++i) byte(static_cast<std::uint8_t>(letters[i]));
  }

  void big_endian(std::size_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> shift));
  }

  // Seven bits a byte, the first byte the highest; all bytes but the last have their top bit set.
  void delta(std::int64_t ticks) {
    for (int shift = 21; shift > 0; shift -= 7)
      if (ticks >> shift != 0) byte(static_cast<std::uint8_t>(0x80 | (ticks >> shift & 0x7F)));
    byte(static_cast<std::uint8_t>(ticks & 0x7F));
  }

  std::size_t size() const { return static_cast<std::size_t>(next_ - bytes_.data()); }

  // What was appended; `size` goes into the four bytes at `place`.
  std::vector<std::uint8_t> take(std::size_t place, std::size_t size_there) {
    bytes_.resize(size());
    for (std::size_t i = 0; i < 4; ++i)
      bytes_[place + i] = static_cast<std::uint8_t>(size_there >> (24 - 8 * i));
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint8_t* next_;
};

// What is at `index`, for the message of an error: a message, or the end after the last one.
std::int64_t delta_between(std::int64_t before, std::int64_t tick, std::size_t index, std::size_t count) {
  if (tick < before || tick - before > kMaxDelta)
    throw std::invalid_argument(
        (index < count ? "messages[" + std::to_string(index) + "].tick" : "end_tick") + " is " +
        std::to_string(tick) + ", not " + std::to_string(before) + " to " +
        std::to_string(before + kMaxDelta));
  return tick - before;
}

void check_message(const ChannelMessage& message, std::size_t index) {
  const auto refuse = [&](const char* field, int value, const char* range) {
    throw std::invalid_argument("messages[" + std::to_string(index) + "]." + field + " is " +
                                std::to_string(value) + ", not " + range);
  };
  if (message.status < 0x80 || message.status >= 0xF0) refuse("status", message.status, "128 to 239");
  if (message.data1 >= 0x80) refuse("data1", message.data1, "0 to 127");
  if (message.data2 >= 0x80) refuse("data2", message.data2, "0 to 127");
}

}  // namespace

std::vector<std::uint8_t> format_midi(std::span<const ChannelMessage> messages, std::int64_t end_tick,
                                      int ticks_per_quarter, bool running_status) {
  if (ticks_per_quarter < 1 || ticks_per_quarter > 0x7FFF)
    throw std::invalid_argument("ticks_per_quarter is " + std::to_string(ticks_per_quarter) +
                                ", not 1 to 32767");
  Writer writer(kFrameBytes + messages.size() * kMaxMessageBytes);
  writer.name("MThd");
  writer.big_endian(6, 4);
  writer.big_endian(0, 2);  // type
  writer.big_endian(1, 2);  // tracks
  writer.big_endian(static_cast<std::size_t>(ticks_per_quarter), 2);
  writer.name("MTrk");
  const std::size_t size_at = writer.size();
  writer.big_endian(0, 4);  // the size, once it is known
  const std::size_t begin = writer.size();

  std::int64_t tick = 0;
  int status = -1;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const ChannelMessage& message = messages[i];
    check_message(message, i);
    writer.delta(delta_between(tick, message.tick, i, messages.size()));
    tick = message.tick;
    if (!running_status || message.status != status) writer.byte(message.status);
    status = message.status;
    writer.byte(message.data1);
    if (has_two_data_bytes(message.status)) writer.byte(message.data2);
  }
  writer.delta(delta_between(tick, end_tick, messages.size(), messages.size()));
  writer.byte(kMeta);
  writer.byte(kMetaEndOfTrack);
  writer.byte(0);
  return writer.take(size_at, writer.size() - begin);
}

}  // namespace longplay
