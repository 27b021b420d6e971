// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_story.hpp"

#include <algorithm>
#include <variant>

#include "controlplane/concentrator/carried_call.hpp"
#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/ipv6.hpp"

namespace adit::control {

void CallStory::received(wire::Bytes frame, Instant now) {
  pass(Gate::kGre, now);
  if (tells_of(frame)) {
    link_.received(frame);
    pass_agreed(now);
  }
}

void CallStory::sent(wire::Bytes frame, Instant now) {
  if (tells_of(frame.size() < 2 ? frame : frame.subspan(2))) {
    link_.sent(frame);
    pass_agreed(now);
  }
}

void CallStory::sent_ipv6(wire::Bytes packet) {
  const bool is_advertisement =
      packet.size() > wire::kIpv6Size &&
      wire::Ipv6View(packet.data()).next_header() == wire::kIpProtocolIcmpv6 &&
      packet[wire::kIpv6Size] == static_cast<std::uint8_t>(wire::Icmpv6Type::kRouterAdvertisement);
  ipv6.advertisements = static_cast<std::uint8_t>(ipv6.advertisements +
                                                  (is_advertisement && ipv6.advertisements != 255 ? 1 : 0));
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
  if (link_.ipv6cp.agreed()) {
    pass(Gate::kIpv6cp, now);
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
  if (ip_has_been_up()) {
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

CarriedStory CallStory::carried() const {
  CarriedStory carried{.begun = begun_, .gates = {}, .origin = static_cast<std::uint8_t>(origin)};
  for (const std::uint32_t after : after_) {
    carried.gates.push_back(after == kNever ? 0 : after + 1);
  }
  return carried;
}

void CallStory::adopt(const CarriedStory& from) {
  begun_ = from.begun;
  origin = static_cast<Origin>(from.origin);
  for (std::size_t gate = 0; gate < std::min(from.gates.size(), kGates); ++gate) {
    after_[gate] = from.gates[gate] == 0 ? kNever : from.gates[gate] - 1;
  }
  verdict_ = Verdict::kAccepted;
}

}  // namespace adit::control
