#include <algorithm>
#include <vector>

#include "events/sampling.hpp"
#include "form/composer.hpp"
#include "form/token_composer.hpp"

namespace longplay {
namespace {

// Takes the tokens of a piece one after another. The vocabulary's rules for all of them are in the bias; the
// rules of the form are put to the later ones when the piece is drawn.
class PieceComposer final : public Composer {
 public:
  PieceComposer(const ComposerTask& task, const FormState& state)
      : vocabulary_(*task.notation.vocabulary()),
        pieces_(*task.notation.pieces()),
        composer_(task, state),
        trial_(composer_),
        token_bias_(vocabulary_.size()),
        piece_bias_(pieces_.size()) {}

  bool constrain(std::size_t, std::span<const std::int32_t>, std::span<float> bias) override {
    refused_ = 0;
    std::ranges::fill(token_bias_, 0.0F);
    composer_.constrain(0, {}, token_bias_);
    pieces_.constrain(vocabulary_, composer_.registers(), token_bias_, changes_, piece_bias_);
    for (std::size_t id = 0; id < bias.size(); ++id) {
      const bool is_idle = pieces_.tokens(static_cast<std::int32_t>(id)).empty() && !composer_.may_idle();
      bias[id] += is_idle ? kForbidden : piece_bias_[id];
    }
    return true;
  }

  bool accepts(std::size_t, std::span<const std::int32_t>, std::int32_t id) override {
    const auto tokens = pieces_.tokens(id);
    if (tokens.empty()) return true;
    if (!composer_.accepts(0, {}, tokens[0])) return false;
    if (refused_ == kMostRefusals || may_follow(tokens)) return true;
    ++refused_;
    return false;
  }

  // After many refusals, a piece is cut down to its first token.
  std::int32_t settle(std::size_t, std::int32_t id) override {
    const bool is_cut = refused_ == kMostRefusals && pieces_.tokens(id).size() > 1;
    return is_cut ? pieces_.alone(pieces_.tokens(id)[0]) : id;
  }

  bool is_end(std::span<const std::int32_t>) const override { return false; }

  // What follows the end of the music in a piece is not heard.
  Outcome accept(std::span<const std::int32_t> event) override {
    sounds_.clear();
    needs_checkpoint_ = false;
    const auto tokens = pieces_.tokens(event[0]);
    if (tokens.empty()) composer_.idle();
    for (const std::int32_t token : tokens) {
      const Outcome outcome = composer_.accept({&token, 1});
      const auto sounds = composer_.sounds();
      sounds_.insert(sounds_.end(), sounds.begin(), sounds.end());
      needs_checkpoint_ |= composer_.needs_checkpoint();
      if (outcome != Outcome::accepted) return outcome;
    }
    return Outcome::accepted;
  }

  void read(std::span<const std::int32_t> event) override {
    for (const std::int32_t token : pieces_.tokens(event[0])) composer_.read({&token, 1});
  }

  std::span<const Sound> sounds() const override { return sounds_; }
  bool needs_checkpoint() const override { return needs_checkpoint_; }
  bool is_provisional() const override { return composer_.is_provisional(); }
  std::uint32_t attempt() const override { return composer_.attempt(); }
  FormState state() const override { return composer_.state(); }
  void restore(const FormState& state) override { composer_.restore(state); }
  std::int64_t onset_ms() const override { return composer_.onset_ms(); }
  std::int64_t remaining_ms() const override { return composer_.remaining_ms(); }
  std::uint64_t refusals() const override { return composer_.refusals(); }

 private:
  static constexpr int kMostRefusals = 64;  // of a piece

  // Whether the form accepts each token after the first, which it accepts.
  bool may_follow(std::span<const std::int32_t> tokens) {
    if (tokens.size() == 1) return true;
    trial_ = composer_;
    bool closes = false;  // needs a checkpoint, which is only possible between two pieces
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && !admits(tokens[i])) return false;
      const Outcome outcome = trial_.accept({&tokens[i], 1});
      closes |= trial_.needs_checkpoint();
      if (outcome == Outcome::rejected && closes) return false;
      if (outcome != Outcome::accepted) return true;
    }
    return true;
  }

  bool admits(std::int32_t token) {
    std::ranges::fill(token_bias_, 0.0F);
    trial_.constrain(0, {}, token_bias_);
    if (token_bias_[static_cast<std::size_t>(token)] == kForbidden) return false;
    if (trial_.accepts(0, {}, token)) return true;
    composer_.refuse();
    return false;
  }

  const Vocabulary& vocabulary_;
  const Pieces& pieces_;
  TokenComposer composer_;
  TokenComposer trial_;                   // scratch: what would be if a piece followed
  std::vector<float> token_bias_;         // scratch, one for each token
  std::vector<float> piece_bias_;         // scratch, one for each piece
  std::vector<Attempt::Change> changes_;  // scratch
  std::vector<Sound> sounds_;             // of the last piece
  bool needs_checkpoint_ = false;
  int refused_ = 0;  // pieces, since the last event
};

}  // namespace

std::unique_ptr<Composer> compose_pieces(const ComposerTask& task, const FormState& state) {
  return std::make_unique<PieceComposer>(task, state);
}

}  // namespace longplay
