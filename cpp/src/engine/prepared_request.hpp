// From a seed, or from a snapshot, to a request that is ready to run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/job.hpp"

namespace longplay {

Form piece_form(const Settings& settings);
Form stream_form(const Settings& settings);
Form session_form();
Form sketch_form(const Settings& settings);

// The notes of a file, the first at time zero. Throws as read_score does.
Score read_seed(std::span<const std::uint8_t> bytes, const Stop& stop);

// Returns the events of a seed, as ids. Adds a warning with the number of notes whose pitch the model does
// not have.
std::vector<std::int32_t> encode_seed(const Notation& notation, Score& seed);

struct PreparedRequest {
  Request request;
  std::vector<Note> before;  // notes of the music that come before the first one drawn
  std::vector<std::string> warnings;
};

// Throws as read_seed does.
PreparedRequest prepare(const Notation& notation, const Seed& seed, const Settings& settings,
                        const Form& form, const Stop& stop);

// Throws std::invalid_argument for a sketch that is not valid, or a model of tokens.
PreparedRequest prepare(const Notation& notation, const SketchTask& task);

// Resumes a snapshot; its notes become `before`. Throws SnapshotError for an invalid one.
PreparedRequest resume(const Notation& notation, const ModelConfig& config, const Snapshot& snapshot,
                       const Settings& settings, const Form& form);

// Throws as Engine::start does.
Candidate make_candidate(const Notation& notation, const ModelConfig& config, const Task& task,
                         const Stop& stop);

}  // namespace longplay
