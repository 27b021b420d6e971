// SPDX-License-Identifier: Apache-2.0
// Golden packets from an independent encoder (golden/make.py: scapy, and MPPE from the RFCs): a worker's
// output is compared octet for octet, in both directions.
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

Octets from_hex(std::string_view text) {
  Octets octets(text.size() / 2);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const char* at = text.data() + 2 * i;
    EXPECT_EQ(std::from_chars(at, at + 2, octets[i], 16).ptr, at + 2) << text;
  }
  return octets;
}

/// One line of packets.txt: a verb and its arguments. golden/make.py lists the verbs.
struct Step {
  std::string verb;
  std::vector<std::string> words;
};

/// The steps of each scenario, by name.
std::map<std::string, std::vector<Step>> read_scenarios(const char* path) {
  std::map<std::string, std::vector<Step>> scenarios;
  std::vector<Step>* current = nullptr;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    Step step;
    if (!(in >> step.verb) || step.verb == "#") {
      continue;
    }
    for (std::string word; in >> word;) {
      step.words.push_back(word);
    }
    if (step.verb == "scenario") {
      current = &scenarios[step.words.at(0)];
    } else {
      current->push_back(std::move(step));
    }
  }
  return scenarios;
}

class Player {
 public:
  void play(const Step& step) {
    if (step.verb.ends_with('<')) {
      receives(step);
    } else {
      EXPECT_TRUE(nothing_left()) << "before " << step.verb;
      acts(step);
    }
  }
  bool nothing_left() {
    return world_.sent(kAccessSide).empty() && world_.sent(kCoreSide).empty() && !world_.ppp_frame() &&
           world_.all_drops() == 0;
  }

 private:
  void acts(const Step& step) {
    if (step.verb == "access>") {
      world_.arrive(kAccessSide, from_hex(step.words.at(0)));
    } else if (step.verb == "core>") {
      world_.arrive(kCoreSide, from_hex(step.words.at(0)));
    } else if (step.verb == "control>") {
      world_.send_ppp(call_, from_hex(step.words.at(0)));
    } else if (step.verb == "wait") {
      world_.pass_ms(static_cast<std::uint32_t>(std::stoul(step.words.at(0))));
    } else {
      enable_mppe(step);
    }
    world_.settle();
  }

  void enable_mppe(const Step& step) {
    ASSERT_TRUE(step.verb == "receive" || step.verb == "send") << step.verb;
    static const std::map<std::string, contract::MppeStrength> kStrengths{
        {"40", contract::MppeStrength::k40},
        {"56", contract::MppeStrength::k56},
        {"128", contract::MppeStrength::k128}};
    contract::EnableMppe message{
        .call = call_,
        .direction = step.verb == "send" ? contract::Direction::kSend : contract::Direction::kReceive,
        .mode = {kStrengths.at(step.words.at(0))}};
    std::ranges::copy(from_hex(step.words.at(1)), message.start_key.begin());
    std::ranges::copy(from_hex(step.words.at(2)), message.session_key.begin());
    world_.tell(call_, message);
  }

  void receives(const Step& step) {
    const Octets expected = from_hex(step.words.at(0));
    if (step.verb == "control<") {
      EXPECT_EQ(world_.ppp_frame(), expected);
    } else {
      EXPECT_EQ(world_.sent(step.verb == "access<" ? kAccessSide : kCoreSide), std::vector<Octets>{expected});
    }
  }

  World world_;
  contract::CallRef call_ = world_.install_up();
};

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, OctetForOctet) {
  static const auto scenarios = read_scenarios(ADIT_GOLDEN_PACKETS);
  const auto found = scenarios.find(GetParam());
  ASSERT_NE(found, scenarios.end());
  Player player;
  for (const Step& step : found->second) {
    SCOPED_TRACE(step.verb + " " + step.words.at(0));
    player.play(step);
  }
  EXPECT_TRUE(player.nothing_left());
}

constexpr const char* kScenarios[] = {"clear_up",    "clear_down",    "control_frames", "clamped",
                                      "mppe_128_up", "mppe_128_down", "mppe_56_up",     "mppe_56_down",
                                      "mppe_40_up",  "mppe_40_down"};
INSTANTIATE_TEST_SUITE_P(Scapy, Golden, testing::ValuesIn(kScenarios),
                         [](const auto& scenario) { return std::string(scenario.param); });

TEST(GoldenPackets, EveryScenarioIsPlayed) {
  EXPECT_EQ(read_scenarios(ADIT_GOLDEN_PACKETS).size(), std::size(kScenarios));
}

}  // namespace
}  // namespace adit::dataplane::path
