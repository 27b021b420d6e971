// SPDX-License-Identifier: Apache-2.0
// Scripts read these replies: every method's JSON, and every way to ask wrongly, octet for octet.
#include <gtest/gtest.h>

#include <regex>

#include "app/aditd/operator/rpc.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"
#include "tests/app/golden.hpp"

namespace adit::app {
namespace {

control::TrialOutcome outcome_for(const std::string& user) {
  using Verdict = control::TrialOutcome::Verdict;
  if (user == "nobody") {
    return {.verdict = Verdict::kRejected, .why = "the server rejects it"};
  }
  if (user != "alice") {
    return {.why = "no server answers"};
  }
  control::AuthAccepted granted;
  granted.address = wire::Ipv4Address(10, 64, 0, 9);
  granted.routes = {{.address = wire::Ipv4Address(10, 20, 0, 0), .length = 24}};
  granted.rate = control::SubscriberRate{.down = 10'240, .up = 2'048};
  granted.session_timeout = std::chrono::seconds(60);
  granted.ipv6.interface_id = 0xa1;
  granted.ipv6.link = wire::parse_ipv6_prefix("2001:db8:64::/64");
  granted.ipv6.routes = {*wire::parse_ipv6_prefix("2001:db8:20::/48")};
  granted.servers.dns1 = wire::Ipv4Address(198, 51, 100, 53);
  return {.verdict = Verdict::kAccepted, .took = std::chrono::milliseconds(4), .accepted = granted};
}

std::string reply_to(const std::string& line) {
  FakeBackend backend;
  backend.rows = {FakeBackend::alice()};
  backend.stats_.calls_active = 3;
  backend.stats_.connections_total = 9;
  backend.stats_.ended = {{control::EndReason::kAuthFailed, 4}, {control::EndReason::kUserRequest, 9}};
  backend.last_in_use = 1;
  std::string text;
  handle_rpc(line, backend, [&](RpcReply reply) {
    while (reply.more()) {
      text += reply.next();
    }
  });
  for (auto& [login, done] : backend.trials) {
    done(outcome_for(login.user));
  }
  return text;
}

// What differs from machine to machine and from run to run.
std::string masked(const std::string& reply) {
  static const std::regex kOwn(
      R"re("(version|pid|uptime_seconds|cpu_seconds|rss_kb|virt_kb|mppe_engine)":("[^"]*"|[0-9.e-]+))re");
  static const std::regex kBegan(R"re("began":"[^"]*")re");
  if (reply.find("\"stories\"") != std::string::npos) {
    return std::regex_replace(reply, kBegan, R"("began":"...")");
  }
  static const std::regex kKernels(R"re("mppe_kernels":\[[^\]]*\])re");
  const bool is_session = reply.find("\"sid\"") != std::string::npos;
  return is_session ? reply
                    : std::regex_replace(std::regex_replace(reply, kOwn, R"("$1":"...")"), kKernels,
                                         R"("mppe_kernels":"...")");
}

TEST(RpcGolden, SEC_12_RepliesAreWhatTheyWere) {
  hold_to_golden("tests/app/aditd/operator/golden/rpc.txt", "> ",
                 [](const std::string& line) { return masked(reply_to(line)); });
}

}  // namespace
}  // namespace adit::app
