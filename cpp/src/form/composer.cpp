#include "form/composer.hpp"

namespace longplay {

std::unique_ptr<Composer> begin_form(const ComposerTask& task, const Past& past) {
  FormState state{Timeline(task.form, task.random_seed, task.candidate).state(), past};
  if (task.span) state.waiting = Waiting(task.span->sketch->added_per_second);
  if (const Vocabulary* vocabulary = task.notation.vocabulary())
    state.tokens = {vocabulary->begin(), vocabulary->begin(), state.timeline.onset, 0};
  return resume_form(task, state);
}

std::unique_ptr<Composer> resume_form(const ComposerTask& task, const FormState& state) {
  if (task.span) return compose_sketch(task, state);
  if (task.notation.pieces()) return compose_pieces(task, state);
  return task.notation.vocabulary() ? compose_tokens(task, state) : compose_notes(task, state);
}

}  // namespace longplay
