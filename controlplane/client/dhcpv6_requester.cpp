// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/dhcpv6_requester.hpp"

#include <algorithm>

#include "dataplane/wire/udp6.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::Dhcpv6Code;
using wire::Dhcpv6Option;
using wire::Dhcpv6Type;

constexpr std::uint32_t kIaid = 1;  // RFC 8415 §12: ours to choose, as there is one IA
constexpr std::size_t kMessageAt = wire::kIpv6Size + wire::kUdpSize;
/// A lease of weeks is asked about sooner than it has to be; a timer cannot run for ever.
constexpr std::uint32_t kDay = 86'400;

/// RFC 8415 §7.6.
struct Exchange {
  Dhcpv6Type type;
  Duration first, longest;
  unsigned most;  ///< times that it is sent; 0: until something else ends it
};
constexpr Exchange kSolicit{Dhcpv6Type::kSolicit, Duration{1'000}, Duration{3'600'000}, 0};
constexpr Exchange kRequest{Dhcpv6Type::kRequest, Duration{1'000}, Duration{30'000}, 10};
constexpr Exchange kRenew{Dhcpv6Type::kRenew, Duration{10'000}, Duration{600'000}, 0};
constexpr Exchange kRebind{Dhcpv6Type::kRebind, Duration{10'000}, Duration{600'000}, 0};

Duration seconds(std::uint32_t count, std::uint32_t most) {
  return Duration{std::int64_t{std::min(count, most)} * 1000};
}

}  // namespace

void Dhcpv6Requester::start(std::uint64_t interface_id) {
  stop();
  interface_id_ = interface_id;
  begin();
}

void Dhcpv6Requester::begin() {
  retransmit_.cancel();
  state_ = State::kSoliciting;
  next_.arm(random_delay(entropy_, Duration{0}, kMaxDelay));
}

void Dhcpv6Requester::stop() {
  retransmit_.cancel();
  next_.cancel();
  state_ = State::kStopped;
  refused_ = false;
  prefix_.reset();
}

/// RFC 8415 §11.4: DUID-LL of an EUI-64 (hardware type 27), which an interface identifier is.
std::array<std::uint8_t, 12> Dhcpv6Requester::duid() const {
  std::array<std::uint8_t, 12> duid{0, 3, 0, 27};
  wire::store_be(duid.data() + 4, interface_id_);
  return duid;
}

// ---- asking ------------------------------------------------------------------------------------------------------

/// A new exchange: RFC 8415 §15, §16.1.
void Dhcpv6Requester::ask(State state) {
  state_ = state;
  transaction_id_ = entropy_.next_u32() & 0xff'ffff;
  sent_ = 0;
  began_ = wheel_.now();
  send();
}

void Dhcpv6Requester::send() {
  const Exchange& exchange = state_ == State::kSoliciting   ? kSolicit
                             : state_ == State::kRequesting ? kRequest
                             : state_ == State::kRenewing   ? kRenew
                                                            : kRebind;
  if (exchange.most != 0 && sent_ == exchange.most) {
    prefix_.reset();
    return ask(State::kSoliciting);  // §18.2.2: the server may have changed
  }
  timeout_ = next_timeout(exchange.first, exchange.longest);
  retransmit_.arm(timeout_);
  ++sent_;

  std::array<std::uint8_t, wire::kIpv6MinMtu> packet;
  wire::Dhcpv6Writer writer(wire::MutableBytes(packet).subspan(kMessageAt), exchange.type, transaction_id_);
  writer.option(Dhcpv6Code::kClientId, duid());
  if (state_ == State::kRequesting || state_ == State::kRenewing) {
    writer.option(Dhcpv6Code::kServerId, Bytes(server_id_).first(server_id_size_));
  }
  const std::int64_t elapsed = (wheel_.now() - began_).count() / 10;  // §21.9: hundredths of a second
  const std::size_t time = writer.begin(Dhcpv6Code::kElapsedTime);
  writer.u16(static_cast<std::uint16_t>(std::min<std::int64_t>(elapsed, 0xFFFF))).end(time);
  if (state_ == State::kSoliciting) {
    writer.option(Dhcpv6Code::kRapidCommit, {});
  }
  const std::size_t ia = writer.begin(Dhcpv6Code::kIaPd);
  writer.u32(kIaid).u32(0).u32(0);
  if (prefix_) {
    writer.ia_prefix({.prefix = *prefix_});
  }
  writer.end(ia);
  const std::size_t size = wire::write_udp6(
      packet.data(),
      {.source = wire::link_local(interface_id_), .destination = wire::kAllDhcpAgents, .hop_limit = 1},
      wire::kDhcpv6ClientPort, wire::kDhcpv6ServerPort, writer.message().size());
  host_.send_ipv6(Bytes(packet).first(size));
}

/// RFC 8415 §15: IRT + RAND*IRT, then 2*RTprev + RAND*RTprev, at most MRT + RAND*MRT; RAND from -0.1 to 0.1, but a first
/// Solicit's is above 0 (§18.2.1).
Duration Dhcpv6Requester::next_timeout(Duration first, Duration longest) {
  if (sent_ == 0) {
    const bool above = state_ == State::kSoliciting;
    return random_delay(entropy_, above ? first + TimerWheel::kTick : first - first / 10, first + first / 10);
  }
  const bool capped = 2 * timeout_ > longest;
  const Duration base = capped ? longest : 2 * timeout_;
  const Duration spread = (capped ? longest : timeout_) / 10;
  return random_delay(entropy_, base - spread, base + spread);
}

/// Timer `next_`: what follows by itself.
void Dhcpv6Requester::go_on() {
  switch (state_) {
    case State::kSoliciting:
      return ask(State::kSoliciting);
    case State::kBound:
      next_.arm(t2_ - wheel_.now());
      return ask(State::kRenewing);
    case State::kRenewing:
      next_.arm(expires_ - wheel_.now());
      return ask(State::kRebinding);
    case State::kRebinding:
      prefix_.reset();
      host_.delegated(std::nullopt);
      return ask(State::kSoliciting);
    case State::kRequesting:
    case State::kStopped:
      return;
  }
}

// ---- answers -----------------------------------------------------------------------------------------------------

bool Dhcpv6Requester::read_ia(Answer& answer, Bytes value) {
  const auto ia = wire::parse_ia(value);
  if (!ia) {
    return false;
  }
  // §21.21: an IA whose T1 is after its T2 is ignored.
  if (ia->iaid != kIaid || (ia->t1 > ia->t2 && ia->t2 != 0)) {
    return true;
  }
  answer.tells_of_ia = true;
  for (const Dhcpv6Option option : ia->options) {
    const auto binding =
        option.is(Dhcpv6Code::kIaPrefix) ? wire::parse_ia_prefix(option.value) : std::nullopt;
    if (option.is(Dhcpv6Code::kIaPrefix) && !binding) {
      return false;
    }
    const bool usable = binding && binding->valid != 0 && binding->preferred <= binding->valid &&
                        wire::is_host(binding->prefix.address);
    if (usable && !answer.prefix) {
      answer.prefix = binding;
      answer.t1 = ia->t1;
      answer.t2 = ia->t2;
    }
  }
  return true;
}

std::optional<Dhcpv6Requester::Answer> Dhcpv6Requester::read(const wire::Dhcpv6Message& message) const {
  Answer answer;
  bool ours = false;
  for (const Dhcpv6Option option : message.options) {
    if (option.is(Dhcpv6Code::kClientId)) {
      ours = std::ranges::equal(option.value, duid());
    } else if (option.is(Dhcpv6Code::kServerId) && wire::is_duid(option.value)) {
      answer.server_id = option.value;
    } else if (option.is(Dhcpv6Code::kRapidCommit)) {
      answer.rapid = true;
    } else if (option.is(Dhcpv6Code::kIaPd) && !read_ia(answer, option.value)) {
      return std::nullopt;
    }
  }
  return ours && !answer.server_id.empty() ? std::optional(answer) : std::nullopt;
}

void Dhcpv6Requester::on_message(Bytes octets) {
  const auto message = wire::parse_dhcpv6(octets);
  if (!message || message->transaction_id != transaction_id_ || !retransmit_.armed()) {
    return;
  }
  const auto answer = read(*message);
  if (!answer) {
    return;
  }
  if (message->type == static_cast<std::uint8_t>(Dhcpv6Type::kAdvertise)) {
    on_advertise(*answer);
  } else if (message->type == static_cast<std::uint8_t>(Dhcpv6Type::kReply)) {
    on_reply(*answer);
  }
}

/// §18.2.9. One that offers nothing changes nothing: the Solicit is repeated.
void Dhcpv6Requester::on_advertise(const Answer& answer) {
  if (state_ != State::kSoliciting) {
    return;
  }
  refused_ = !answer.prefix;
  if (answer.prefix) {
    std::ranges::copy(answer.server_id, server_id_.begin());
    server_id_size_ = static_cast<std::uint8_t>(answer.server_id.size());
    prefix_ = answer.prefix->prefix;
    ask(State::kRequesting);
  }
}

/// §18.2.10. A lease that is not prolonged has ended: the binding is unknown there, or its lifetime is 0.
void Dhcpv6Requester::on_reply(const Answer& answer) {
  if (state_ == State::kSoliciting && !answer.rapid) {
    return;
  }
  if (answer.prefix) {
    return bind(answer);
  }
  refused_ = true;
  if (state_ == State::kRequesting) {
    prefix_.reset();  // it has been given to another meanwhile
    begin();
  } else if (state_ != State::kSoliciting && answer.tells_of_ia) {
    prefix_.reset();
    host_.delegated(std::nullopt);
    begin();
  }
}

void Dhcpv6Requester::bind(const Answer& answer) {
  retransmit_.cancel();
  std::ranges::copy(answer.server_id, server_id_.begin());
  server_id_size_ = static_cast<std::uint8_t>(answer.server_id.size());
  state_ = State::kBound;
  refused_ = false;
  prefix_ = answer.prefix->prefix;
  // §14.2: zero leaves it to the client, which must not cause a storm.
  const std::uint32_t preferred = answer.prefix->preferred;
  const Duration t1 = std::max(seconds(answer.t1 != 0 ? answer.t1 : preferred / 2, kDay), kRenew.first);
  const Duration t2 = std::max(seconds(answer.t2 != 0 ? answer.t2 : preferred / 5 * 4, 2 * kDay), t1);
  next_.arm(t1);
  t2_ = wheel_.now() + t2;
  expires_ = wheel_.now() + std::max(seconds(answer.prefix->valid, 4 * kDay), t2);
  host_.delegated(prefix_);
}

}  // namespace adit::control
