// SPDX-License-Identifier: Apache-2.0
// Twelve dials that fail for twelve causes, and what `adit explain` says of each, word for word: through aditd's JSON-RPC and
// adit's own text. Each names the user if the client named one, the address, the cause and the remedy.
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "app/adit/render.hpp"
#include "app/aditd/operator/rpc.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"
#include "tests/app/golden.hpp"
#include "tests/sim/failed_dials.hpp"

namespace adit::sim {
namespace {

using app::Json;

class SimBackend final : public app::FakeBackend {
 public:
  explicit SimBackend(const control::Concentrator& concentrator) : concentrator_(concentrator) {}
  std::vector<control::StoryRow> stories(const control::StorySelector& selector) const override {
    return concentrator_.stories(selector);
  }

 private:
  const control::Concentrator& concentrator_;
};

Json explained(const FailedDials& dials, const std::string& what) {
  SimBackend backend(dials.concentrator());
  std::string reply;
  const Json request = {
      {"jsonrpc", "2.0"}, {"id", 1}, {"method", "explain"}, {"params", {{"by", "any"}, {"value", what}}}};
  app::handle_rpc(request.dump(), backend, [&](app::RpcReply answer) {
    while (answer.more()) {
      reply += answer.next();
    }
  });
  return Json::parse(reply).at("result");
}

std::string without_dates(const std::string& text) {
  static const std::regex kDate(R"(\d{4}-\d\d-\d\d(T[0-9:.]+Z| [0-9:]{8}))");
  return std::regex_replace(text, kDate, "(when)");
}

/// "wrong password: adit explain alice"
std::string answer(const std::string& question) {
  const std::size_t colon = question.find(": adit explain ");
  const FailedDials dials(question.substr(0, colon));
  return without_dates(app::render_explain(explained(dials, question.substr(question.rfind(' ') + 1))));
}

TEST(Explain, WhatItSaysOfTwelveFailedDials) {
  app::hold_to_golden("tests/sim/golden/explain.txt", "$ ", answer);
}

TEST(Explain, EveryStoryNamesAddressCauseAndRemedyInEightyColumns) {
  for (const std::string& cause : FailedDials::causes()) {
    SCOPED_TRACE(cause);
    const FailedDials dials(cause);
    bool any = false;
    for (const char* const peer : {"198.18.0.1", "198.18.0.2", "203.0.113.9"}) {
      const Json result = explained(dials, peer);
      for (const Json& story : result.at("stories")) {
        any = true;
        EXPECT_EQ(story.at("peer"), peer);
        EXPECT_NE(story.at("cause"), "");
        EXPECT_NE(story.at("remedy"), "");
      }
      std::istringstream lines(app::render_explain(result));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80U) << line;
      }
    }
    EXPECT_TRUE(any);
  }
}

}  // namespace
}  // namespace adit::sim
