// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_story.hpp"

#include <variant>

namespace adit::control {

void CallStory::received(wire::Bytes frame, Instant now) {
  pass(Gate::kGre, now);
  if (!passed(Gate::kIpcp)) {
    link_.received(frame);
    pass_agreed(now);
  }
}

void CallStory::sent(wire::Bytes frame, Instant now) {
  if (!passed(Gate::kIpcp)) {
    link_.sent(frame);
    pass_agreed(now);
  }
}

void CallStory::pass_agreed(Instant now) {
  if (!passed(Gate::kAuthentication)) {
    return;
  }
  if (link_.ccp.agreed()) {
    pass(Gate::kCcp, now);
  }
  if (link_.ipcp.agreed()) {
    pass(Gate::kIpcp, now);
  }
}

void CallStory::carried(const contract::FirstPackets& first, Instant now) {
  const auto after = [&](std::optional<std::uint32_t> ago) {
    return ago ? milliseconds(now - begun_ - Duration{*ago}) : kNever;
  };
  first_uplink_ = after(first.uplink_ms);
  first_downlink_ = after(first.downlink_ms);
}

void CallStory::login_judged(const AuthVerdict& verdict, Instant now) {
  if (passed(Gate::kIpcp)) {
    return;
  }
  const std::string* judge = nullptr;
  if (const auto* accepted = std::get_if<AuthAccepted>(&verdict)) {
    verdict_ = Verdict::kAccepted;
    judge = &accepted->judge;
    pass(Gate::kAuthentication, now);
  } else if (const auto* rejected = std::get_if<AuthRejected>(&verdict)) {
    verdict_ = Verdict::kRejected;
    fault_ = rejected->fault;
    judge = &rejected->judge;
  } else if (const auto* unusable = std::get_if<AuthUnusable>(&verdict)) {
    verdict_ = Verdict::kUnusable;
    judge = &unusable->judge;
  } else {
    verdict_ = Verdict::kUnavailable;
    judge_ = {};
    return;
  }
  judge_ = {};
  judge->copy(judge_.data(), judge_.size() - 1);
}

}  // namespace adit::control
