#include "events/sampling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/error.hpp"
#include "events/random.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Share of each id when u sweeps [0, 1) in equal steps.
std::vector<double> frequencies(const std::vector<float>& logits, const Sampling& params,
                                const std::vector<float>& bias = {}) {
  constexpr int kSteps = 20'000;
  Sampler sampler(logits.size());
  std::vector<double> shares(logits.size());
  for (int i = 0; i < kSteps; ++i) {
    const Draw drawn = sampler.draw(logits, bias, params, (i + 0.5) / kSteps);
    shares[static_cast<std::size_t>(drawn.id)] += 1.0 / kSteps;
  }
  return shares;
}

void expect_shares(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t id = 0; id < got.size(); ++id) {
    EXPECT_NEAR(got[id], expected[id], 1e-4) << "id " << id;
    EXPECT_EQ(got[id] == 0.0, expected[id] == 0.0) << "id " << id;
  }
}

// Logits of these probabilities.
std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

const std::vector<float> kFour = logits_of({0.1, 0.5, 0.15, 0.25});

TEST(Sampler, DrawsInProportionToTheProbabilities) {
  expect_shares(frequencies(kFour, {}), {0.1, 0.5, 0.15, 0.25});
}

TEST(Sampler, DrawsInProportionHoweverManyIdsThereAre) {
  for (const std::size_t size : {15U, 16U, 17U, 100U}) {
    Sampler sampler(size);
    const std::vector<float> logits(size, 0.0F);
    for (std::size_t id = 0; id < size; ++id) {
      const double middle = (static_cast<double>(id) + 0.5) / static_cast<double>(size);
      EXPECT_EQ(sampler.draw(logits, {}, kSamplingOff, middle).id, static_cast<std::int32_t>(id));
    }
  }
}

TEST(Sampler, TemperatureDividesTheLogits) {  // a half squares the probabilities
  const double sum = 0.01 + 0.25 + 0.0225 + 0.0625;
  expect_shares(frequencies(kFour, {.temperature = 0.5}),
                {0.01 / sum, 0.25 / sum, 0.0225 / sum, 0.0625 / sum});
}

TEST(Sampler, TemperatureZeroTakesTheLikeliestAndTheLowestIdOfEquals) {
  expect_shares(frequencies({1, 3, 3, 2}, {.temperature = 0, .top_k = 3, .top_p = 0.1}), {0, 1, 0, 0});
}

TEST(Sampler, TemperatureZeroObeysTheBias) {
  expect_shares(frequencies({1, 3, 3, 2}, {.temperature = 0}, {2.5F, 0, 0, 0}), {1, 0, 0, 0});
}

TEST(Sampler, TopKKeepsTheLikeliest) {
  expect_shares(frequencies(kFour, {.top_k = 2}), {0, 2.0 / 3, 0, 1.0 / 3});
}

TEST(Sampler, TopKBeyondTheSizeKeepsAll) {
  expect_shares(frequencies(kFour, {.top_k = 9}), {0.1, 0.5, 0.15, 0.25});
}

TEST(Sampler, TopPKeepsTheIdThatReachesTheThreshold) {
  // 0.5 is short of 0.6; 0.5 + 0.25 is not
  expect_shares(frequencies(kFour, {.top_p = 0.6}), {0, 2.0 / 3, 0, 1.0 / 3});
}

TEST(Sampler, TopPKeepsTheLikeliestHoweverSmallItIs) {
  expect_shares(frequencies(kFour, {.top_p = 1e-300}), {0, 1, 0, 0});
}

TEST(Sampler, MinPComparesWithTheHighestProbability) {
  expect_shares(frequencies(kFour, {.min_p = 0.4}), {0, 2.0 / 3, 0, 1.0 / 3});
}

TEST(Sampler, MinPOfOneKeepsTheLikeliestAndItsEquals) {
  expect_shares(frequencies({2, 1, 2, 0}, {.min_p = 1}), {0.5, 0, 0.5, 0});
}

TEST(Sampler, TopPSeesWhatTopKKeptRenormalised) {
  // Of 0.5, 0.25 and 0.15 alone 0.5 is 0.56, and with 0.25 it is 0.83: two ids reach 0.8, of all four three
  // do.
  expect_shares(frequencies(kFour, {.top_k = 3, .top_p = 0.8}), {0, 2.0 / 3, 0, 1.0 / 3});
}

TEST(Sampler, FiltersSeeTheTemperature) {
  expect_shares(frequencies(kFour, {.temperature = 0.5, .top_p = 0.7}), {0, 1, 0, 0});  // 0.72 already
}

TEST(Sampler, EqualLogitsRankByIdLowestFirst) {
  expect_shares(frequencies({1, 1, 1, 1}, {.top_k = 3}), {1.0 / 3, 1.0 / 3, 1.0 / 3, 0});
  expect_shares(frequencies({1, 1, 1, 1}, {.top_p = 0.4}), {0.5, 0.5, 0, 0});
  expect_shares(frequencies({-0.0F, 0.0F}, {.top_k = 1}), {1, 0});
}

TEST(Sampler, BiasIsAddedBeforeTheTemperature) {
  const auto shifted = static_cast<float>(std::log(4.0));
  expect_shares(frequencies({0, 0}, {.temperature = 2}, {shifted, 0}), {2.0 / 3, 1.0 / 3});
}

TEST(Sampler, AForbiddenIdIsNeverDrawn) {
  expect_shares(frequencies({5, 1, 1}, {}, {-kInfinity, 0, 0}), {0, 0.5, 0.5});
  expect_shares(frequencies({-kInfinity, 1, 1}, {.temperature = 1e6, .top_k = 2}), {0, 0.5, 0.5});
}

TEST(Sampler, HoldsAtTheEndsOfItsRange) {
  expect_shares(frequencies({7}, {.top_k = 1, .top_p = 0.5, .min_p = 1}), {1});
  expect_shares(frequencies({1e4F, -1e4F, 1e4F}, {.top_p = 0.99}), {0.5, 0, 0.5});
  expect_shares(frequencies({3e38F, -3e38F}, {.temperature = 1e-6}), {1, 0});
  expect_shares(frequencies({-3e38F, -kInfinity}, {}), {1, 0});
  Sampler sampler(2);
  const std::vector<float> logits{0, 0};
  EXPECT_EQ(sampler.draw(logits, {}, kSamplingOff, 0.0).id, 0);
  EXPECT_EQ(sampler.draw(logits, {}, kSamplingOff, std::nextafter(0.5, 0.0)).id, 0);
  EXPECT_EQ(sampler.draw(logits, {}, kSamplingOff, 0.5).id, 1);
  EXPECT_EQ(sampler.draw(logits, {}, kSamplingOff, std::nextafter(1.0, 0.0)).id, 1);
}

TEST(Sampler, GivesEveryTemperatureAMeaning) {
  constexpr double kMost = kInfinity, kNone = kNaN;
  const std::vector<double> likeliest{0, 1, 0, 0};
  for (const double temperature : {-1.0, -kMost, -1e-300, kNone, 5e-324, 1e-300, 1e-39, 1e-7})
    expect_shares(frequencies(kFour, {.temperature = temperature}), likeliest);
  for (const double temperature : {1e7, 1e39, 1e300, kMost}) {
    expect_shares(frequencies(kFour, {.temperature = temperature}), {0.25, 0.25, 0.25, 0.25});
    expect_shares(frequencies({0, -kInfinity, 1}, {.temperature = temperature}), {0.5, 0, 0.5});
  }
}

TEST(Sampler, GivesEveryFilterAMeaning) {
  constexpr double kMost = kInfinity, kNone = kNaN;
  const std::vector<double> all{0.1, 0.5, 0.15, 0.25}, likeliest{0, 1, 0, 0};
  for (const int top_k : {-1, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()})
    expect_shares(frequencies(kFour, {.top_k = top_k}), all);
  for (const double top_p : {1.01, 1e300, kMost, kNone})
    expect_shares(frequencies(kFour, {.top_p = top_p}), all);
  for (const double top_p : {0.0, -0.5, -1e300, -kMost})
    expect_shares(frequencies(kFour, {.top_p = top_p}), likeliest);
  for (const double min_p : {-0.1, -1e300, -kMost, kNone})
    expect_shares(frequencies(kFour, {.min_p = min_p}), all);
  for (const double min_p : {1.1, 1e300, kMost})
    expect_shares(frequencies(kFour, {.min_p = min_p}), likeliest);
}

TEST(Sampler, LogProbabilityIsThatOfThePlainSoftmax) {
  Sampler sampler(4);
  const std::vector<float> bias{-kInfinity, 0, -kInfinity, -kInfinity};
  const Draw drawn = sampler.draw(kFour, bias, Sampling{.temperature = 0.1, .top_k = 1}, 0.3);
  EXPECT_EQ(drawn.id, 1);
  EXPECT_NEAR(drawn.log_probability, std::log(0.5), 1e-6);
  EXPECT_NEAR(sampler.draw(kFour, {}, kSamplingOff, 0.05).log_probability, std::log(0.1), 1e-6);
  EXPECT_NEAR(sampler.log_probability(kFour, 2), std::log(0.15), 1e-6);
  EXPECT_EQ(sampler.log_probability(std::vector<float>{0, -kInfinity}, 1), -kInfinity);
}

TEST(Sampler, ALogProbabilityFarBelowTheWeightsIsExact) {
  EXPECT_EQ(Sampler(2).log_probability(std::vector<float>{0, -1000}, 1), -1000.0F);
}

TEST(Sampler, ResultDoesNotDependOnWhatWasDrawnBefore) {
  Sampler used(4);
  used.draw(std::vector<float>{9, 9}, {}, Sampling{.top_k = 1}, 0.9);
  const Sampling params{.top_p = 0.8};
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(used.draw(kFour, {}, params, i / 100.0).id, Sampler(4).draw(kFour, {}, params, i / 100.0).id);
}

// A row long enough for every vector width and its remainder; the same ids on every machine.
TEST(Sampler, DrawsTheSameIdsOnEveryMachine) {
  constexpr std::size_t kSize = 167;
  std::vector<float> logits(kSize);
  for (std::size_t i = 0; i < kSize; ++i) logits[i] = 8 * static_cast<float>(uniform(1, 2, i, 3)) - 4;
  Sampler sampler(kSize);
  std::string ids;
  for (std::uint64_t event = 0; event < 12; ++event) {
    const Sampling params{.temperature = 0.9, .top_k = 100, .top_p = 0.95, .min_p = 0.01};
    ids += std::to_string(sampler.draw(logits, {}, params, uniform(7, 0, event, 0)).id) + " ";
  }
  EXPECT_EQ(ids, "132 140 8 49 163 62 75 75 159 14 163 157 ");
}

// The message of what `call` throws.
template <typename Exception, typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string draw_error(const std::vector<float>& logits, const std::vector<float>& bias = {}) {
  return message_of<Error>([&] { Sampler(8).draw(logits, bias, kSamplingOff, 0.5); });
}

TEST(Sampler, RefusesLogitsThatAreNoDistributionAndNamesTheId) {
  const std::string rule = "logits must be below +infinity and not NaN, and so must logits plus bias: ";
  EXPECT_EQ(draw_error({0, kNaN}), rule + "id 1 has the logit nan");
  EXPECT_EQ(draw_error({0, 1, -kNaN}).find(rule + "id 2 has the logit"), 0U);  // its sign prints as it likes
  EXPECT_EQ(draw_error({kInfinity, 0}), rule + "id 0 has the logit inf");
  EXPECT_EQ(draw_error({0, 1}, {0, kInfinity}), rule + "id 1 has the logit 1 and the bias inf");
  EXPECT_EQ(draw_error({3e38F}, {3e38F}), rule + "id 0 has the logit 3e+38 and the bias 3e+38");
  EXPECT_EQ(draw_error({-kInfinity, -kInfinity}), "every one of the 2 ids is forbidden (-infinity)");
  EXPECT_EQ(draw_error({0, -kInfinity}, {-kInfinity, 0}), "every one of the 2 ids is forbidden (-infinity)");
}

TEST(Sampler, RefusesArgumentsOutOfRange) {
  Sampler sampler(2);
  const std::vector<float> two{0, 0};
  const std::vector<float> three{0, 0, 0};
  const auto refusal = [](auto call) { return message_of<std::invalid_argument>(call); };
  EXPECT_EQ(refusal([] { Sampler(0); }), "max_size must be in [1, 1048576], not 0");
  EXPECT_EQ(refusal([] { Sampler((1 << 20) + 1); }), "max_size must be in [1, 1048576], not 1048577");
  EXPECT_EQ(refusal([&] { sampler.draw(three, {}, kSamplingOff, 0); }),
            "the number of logits must be in [1, 2], not 3");
  EXPECT_EQ(refusal([&] { sampler.draw({}, {}, kSamplingOff, 0); }),
            "the number of logits must be in [1, 2], not 0");
  EXPECT_EQ(refusal([&] { sampler.draw(two, three, kSamplingOff, 0); }),
            "bias must be empty or hold 2 numbers, one per logit, not 3");
  EXPECT_EQ(refusal([&] { sampler.draw(two, {}, kSamplingOff, 1.0); }), "u must be in [0, 1), not 1");
  EXPECT_EQ(refusal([&] { sampler.draw(two, {}, kSamplingOff, kNaN); }), "u must be in [0, 1), not nan");
  EXPECT_EQ(refusal([&] { sampler.log_probability(two, 2); }), "id must be in [0, 2), not 2");
  EXPECT_EQ(refusal([&] { sampler.log_probability({}, 0); }),
            "the number of logits must be at least 1, not 0");
}

}  // namespace
}  // namespace longplay
