// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ipv6/router_advertiser.hpp"

#include <algorithm>
#include <array>

#include "dataplane/wire/router_discovery.hpp"

namespace adit::control {

void RouterAdvertiser::start() {
  initial_left_ = kInitialAdvertisements;
  sent_.reset();
  arm(random(0ms, kMaxDelay));
}

void RouterAdvertiser::resume() {
  initial_left_ = 0;
  sent_ = context_.wheel.now();
  arm(random(kMinInterval, context_.settings.ra_interval));
}

void RouterAdvertiser::on_solicitation() {
  ++context_.counters.router_solicitations;
  const Instant now = context_.wheel.now();
  const Instant earliest = sent_ ? std::max(now, *sent_ + kMinInterval) : now;
  // RFC 4861 §6.2.6: an advertisement that is due sooner than the answer would be is the answer.
  const Instant answer = earliest + random(0ms, kMaxDelay);
  if (timer_.armed() && due_ <= earliest + kMaxDelay) {
    ++context_.counters.solicitations_limited;
    return;
  }
  arm(answer - now);
}

void RouterAdvertiser::stop() {
  timer_.cancel();
  // RFC 4861 §6.2.5: hosts are not to use us any longer. One that has never heard of us need not hear this, and when many
  // links go at once, it is the end of the link that tells.
  if (sent_ && context_.host.may_advertise()) {
    send(Says::kFarewell);
  }
}

void RouterAdvertiser::on_due() {
  if (!context_.host.may_advertise()) {
    ++context_.counters.advertisements_put_off;
    arm(random(100ms, 400ms));  // spread, so that those put off together do not all come back together
    return;
  }
  send(Says::kWelcome);
  initial_left_ = static_cast<std::uint8_t>(initial_left_ - (initial_left_ > 0 ? 1 : 0));
  // RFC 4861 §6.2.4, §6.2.1: MinRtrAdvInterval is a third of MaxRtrAdvInterval.
  const Duration interval = context_.settings.ra_interval;
  arm(initial_left_ > 0 ? kInitialInterval : random(interval / 3, interval));
}

void RouterAdvertiser::send(Says what) {
  const Ipv6LinkTerms& terms = context_.terms;
  const Ipv6Settings& settings = context_.settings;
  const auto lifetime = [&](Duration stays) { return what == Says::kFarewell ? 0 : in_seconds(stays); };
  wire::RouterAdvertisement advertisement{
      .managed = settings.dhcpv6 && terms.has_address,
      .other = settings.dhcpv6,
      .router_lifetime = static_cast<std::uint16_t>(std::min(lifetime(settings.ra_lifetime), 65'535U)),
      .mtu = terms.mtu,
      .dns_lifetime = lifetime(3 * settings.ra_interval),  // RFC 8106 §5.1
      .dns = context_.name_servers(),
      .domains = settings.domain};
  if (terms.link) {
    advertisement.prefix = {
        .prefix = *terms.link, .valid = lifetime(kValidLifetime), .preferred = lifetime(kPreferredLifetime)};
  }
  std::array<std::uint8_t, wire::kRouterAdvertisementMaxSize> packet;
  // To all nodes even when one has asked: on this link it is the only one.
  const std::size_t size = wire::write_router_advertisement(
      packet.data(), wire::link_local(terms.interface_id), wire::kAllNodes, advertisement);
  sent_ = context_.wheel.now();
  ++context_.counters.router_advertisements;
  context_.host.send_ipv6(wire::Bytes(packet).first(size));
}

void RouterAdvertiser::arm(Duration after) {
  due_ = context_.wheel.now() + after;
  timer_.arm(after);
}

Duration RouterAdvertiser::random(Duration from, Duration to) {
  const auto span = static_cast<std::uint32_t>((to - from).count());
  return from + Duration(context_.entropy.next_u32() % (span + 1));
}

}  // namespace adit::control
