// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/admission/login_backoff.hpp"

#include <algorithm>

namespace adit::control {
namespace {

// Of a pair: who mistypes a password does not notice; a guesser comes down to one attempt a minute.
constexpr std::uint32_t kFreeOfPair = 3;
constexpr Duration kFirstWait{1'000};
constexpr Duration kLongestWait{60'000};
constexpr Duration kLongestWaitOfKnown{5'000};  // half of [auth] timeout: it is waited for

// Attempts of a pair of which the back end has yet to say whether they are wrong: a RADIUS server may take a
// second, and thousands of guesses fit into it. Lines that share one account wait a moment.
constexpr std::uint32_t kSideBySide = 16;
constexpr Duration kForAVerdict{200};

// Of a source.
constexpr std::uint32_t kFreeOfSource = 20;
constexpr Duration kLateAnswer{3'000};

constexpr Duration kForgiven{300'000};

Duration wait_after(std::uint32_t failures, bool known) {
  if (failures < kFreeOfPair) {
    return Duration{0};
  }
  return std::min(kFirstWait * (std::uint32_t{1} << std::min(failures - kFreeOfPair, 10U)),
                  known ? kLongestWaitOfKnown : kLongestWait);
}

}  // namespace

LoginBackoff::Turn LoginBackoff::ask(wire::Ipv4Address source, const std::string& user) {
  Failures& failures = pairs_.use({source, user});
  const Instant now = wheel_.now();
  if (now < failures.next) {
    return {.wait = failures.next - now, .wrong_before = true};
  }
  if (failures.asked >= kSideBySide) {
    return {.wait = kForAVerdict};
  }
  forgive(failures);
  // As if it were wrong: attempts side by side gain nothing.
  failures.next = now + wait_after(failures.count, failures.known);
  ++failures.asked;
  return {};
}

void LoginBackoff::abandoned(wire::Ipv4Address source, const std::string& user) {
  Failures* failures = pairs_.find({source, user});
  if (failures == nullptr) {
    return;
  }
  failures->asked -= failures->asked > 0 ? 1 : 0;
  if (failures->asked == 0 && failures->count == 0 && !failures->known) {
    pairs_.erase({source, user});
  }
}

void LoginBackoff::accepted(wire::Ipv4Address source, const std::string& user) {
  Failures& pair = pairs_.use({source, user});
  pair = {.asked = pair.asked > 0 ? pair.asked - 1 : 0, .known = true};
}

Duration LoginBackoff::rejected(wire::Ipv4Address source, const std::string& user) {
  const Instant now = wheel_.now();
  Failures& pair = pairs_.use({source, user});
  forgive(pair);
  pair.asked -= pair.asked > 0 ? 1 : 0;
  ++pair.count;
  pair.last = now;
  pair.next = std::max(pair.next, now + wait_after(pair.count, pair.known));
  Failures& all = sources_.use(source);
  forgive(all);
  ++all.count;
  all.last = now;
  return all.count > kFreeOfSource ? kLateAnswer : Duration{0};
}

void LoginBackoff::forgive(Failures& failures) const {
  const auto times = (wheel_.now() - failures.last) / kForgiven;
  failures.count = times >= 32 ? 0 : failures.count >> times;
  if (times > 0) {
    failures.last = wheel_.now();
  }
}

}  // namespace adit::control
