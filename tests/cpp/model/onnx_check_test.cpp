#include "model/ort/onnx_check.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace longplay {
namespace {

std::string varint(std::uint64_t value, std::size_t bytes = 1) {
  std::string made;
  for (; value >= 0x80 || made.size() + 1 < bytes; value >>= 7) made += static_cast<char>(value | 0x80);
  return made + static_cast<char>(value);
}

std::string field(std::uint64_t number, std::string_view content) {
  return varint(number << 3 | 2) + varint(content.size()) + std::string(content);
}

// Fields of onnx.proto.
std::string graph(std::string_view content) { return field(7, content); }
std::string node(std::string_view content) { return field(1, content); }
std::string named(std::string_view op_type) { return field(4, op_type); }
const std::string kOutside = varint(14 << 3) + varint(1);  // of a tensor: its data location

std::string refusal(std::string_view bytes) {
  try {
    check_onnx("step.onnx", bytes);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

std::string draws(const std::string& name) {
  return "step.onnx: operator '" + name +
         "' draws random numbers, so the same random seed would not give the same piece";
}

const std::string kExternal = "step.onnx: keeps weights outside of itself; export it with them inside";
const std::string kMalformed = "step.onnx: not an ONNX file";

TEST(OnnxCheck, FindsWeightsOutsideWhereverTheyAre) {
  const std::string attribute = field(5, field(5, kOutside));
  EXPECT_EQ(refusal(graph(field(5, kOutside))), kExternal);
  EXPECT_EQ(refusal(graph(field(5, field(13, "")))), kExternal);
  EXPECT_EQ(refusal(graph(field(15, field(1, kOutside)))), kExternal);  // the values of a sparse one
  EXPECT_EQ(refusal(graph(field(15, field(2, kOutside)))), kExternal);
  EXPECT_EQ(refusal(graph(node(attribute))), kExternal);
  EXPECT_EQ(refusal(graph(node(field(5, field(6, node(attribute)))))), kExternal);   // in a branch
  EXPECT_EQ(refusal(graph(node(field(5, field(11, node(attribute)))))), kExternal);  // in one of several
  EXPECT_EQ(refusal(field(25, field(7, attribute))), kExternal);                     // in a function
  EXPECT_EQ(refusal(field(20, field(1, field(5, kOutside)))), kExternal);            // for training
  EXPECT_EQ(refusal(field(20, field(2, node(attribute)))), kExternal);
  EXPECT_EQ(refusal(graph(field(5, varint(14 << 3) + varint(0)))), "");
}

// Protocol buffers keep 32 bits of a tag: what is field 2^29 + 5 here would be field 5 there.
TEST(OnnxCheck, RefusesTagsOfMoreThan32Bits) {
  const std::string tensor = varint(kOutside.size()) + kOutside;
  EXPECT_EQ(refusal(graph(varint((std::uint64_t{1} << 32) | (5 << 3 | 2)) + tensor)), kMalformed);
  EXPECT_EQ(refusal(graph(varint(5 << 3 | 2, 6) + tensor)), kMalformed);
  EXPECT_EQ(refusal(graph(varint(5 << 3 | 2, 5) + tensor)), kExternal);  // no more than padded
  EXPECT_EQ(refusal(varint(0xffffffff - 7) + varint(0)), "");            // a field unknown to both
  EXPECT_EQ(refusal(varint(5 << 3 | 2) + varint(2, 6) + "ab"), kMalformed);
}

TEST(OnnxCheck, RefusesWhatIsNoProtocolBuffer) {
  EXPECT_EQ(refusal(std::string(2, '\0')), kMalformed);  // field 0
  EXPECT_EQ(refusal(varint(7 << 3 | 3)), kMalformed);    // a group
  EXPECT_EQ(refusal(varint(7 << 3 | 2) + "\x05"), kMalformed);
  std::string deep;
  for (int depth = 0; depth < 120; ++depth) deep = field(1, field(5, field(6, deep)));
  EXPECT_EQ(refusal(graph(deep)), kMalformed);
}

TEST(OnnxCheck, RefusesOperatorsThatDrawRandomNumbers) {
  for (const std::string name :
       {"Bernoulli", "BiasDropout", "BitmaskBiasDropout", "BitmaskDropout", "Multinomial", "RandomNormal",
        "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Sampling"}) {
    EXPECT_EQ(refusal(graph(node(named(name)))), draws(name));
    EXPECT_EQ(refusal(graph(node(named(name) + field(7, "com.microsoft")))), draws(name));
    EXPECT_EQ(refusal(graph(node(field(5, field(6, node(named(name))))))), draws(name));
    EXPECT_EQ(refusal(field(25, field(7, named(name)))), draws(name));
  }
  EXPECT_EQ(refusal(graph(node(named("Identity")))), "");
}

TEST(OnnxCheck, RefusesDropoutOnlyInTraining) {
  const std::string two = field(1, "x") + field(1, "ratio");
  EXPECT_EQ(refusal(graph(node(two + named("Dropout")))), "");
  EXPECT_EQ(refusal(graph(node(two + field(1, "") + named("Dropout")))), "");
  EXPECT_EQ(refusal(graph(node(two + field(1, "training") + named("Dropout")))), draws("Dropout"));
  EXPECT_EQ(refusal(graph(node(named("Dropout") + two + field(1, "training")))), draws("Dropout"));
  EXPECT_EQ(refusal(graph(node(named("Where") + two + field(1, "training")))), "");
}

}  // namespace
}  // namespace longplay
