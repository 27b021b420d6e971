// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ipv6/dhcpv6_server.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "dataplane/wire/domain_name.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/udp6.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::Dhcpv6Code;
using wire::Dhcpv6Status;
using wire::Dhcpv6Type;
using wire::Ipv6Address;
using wire::Ipv6Prefix;

// RFC 8415 §14.2, §21.4: when to renew, and when to ask any server.
constexpr std::uint32_t kT1 = in_seconds(kPreferredLifetime) / 2;
constexpr std::uint32_t kT2 = in_seconds(kPreferredLifetime) / 5 * 4;

constexpr std::size_t kMessageAt = wire::kIpv6Size + wire::kUdpSize;

std::uint64_t client_of(const Dhcpv6Query& query) {
  return std::hash<std::string_view>{}(wire::text_of(query.client_id));
}

/// Renew and Rebind: the client has something already.
bool keeps(const Dhcpv6Query& query) {
  return query.type == Dhcpv6Type::kRenew || query.type == Dhcpv6Type::kRebind;
}

void write_lease(wire::Dhcpv6Writer& writer, Ipv6Use use, const wire::Dhcpv6Binding& binding) {
  if (use == Ipv6Use::kAddress) {
    writer.ia_address(binding);
  } else {
    writer.ia_prefix(binding);
  }
}

}  // namespace

/// A packet in the making: its message begins with who we are and whom it is for (RFC 8415 §18.3).
struct Dhcpv6Server::Answer {
  Answer(const Ipv6Settings& settings, const Dhcpv6Query& query, Dhcpv6Type with)
      : type(with), writer(wire::MutableBytes(packet).subspan(kMessageAt), with, query.transaction_id) {
    writer.option(Dhcpv6Code::kServerId, settings.server_duid);
    if (!query.client_id.empty()) {
      writer.option(Dhcpv6Code::kClientId, query.client_id);
    }
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  void write_ia(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia, const Outcome& outcome) {
    const bool granted = outcome.lease.has_value();
    const std::size_t begun =
        writer.begin(ia.use == Ipv6Use::kAddress ? Dhcpv6Code::kIaNa : Dhcpv6Code::kIaPd);
    writer.u32(ia.iaid).u32(granted ? kT1 : 0).u32(granted ? kT2 : 0);
    if (granted) {
      write_lease(writer, ia.use,
                  {*outcome.lease, in_seconds(kPreferredLifetime), in_seconds(kValidLifetime)});
    }
    if (granted && keeps(query)) {
      // RFC 8415 §18.3.4: what the client has from an earlier call is to be used no longer.
      for (const Ipv6Prefix& old : ia.list()) {
        if (old != *outcome.lease && !old.address.is_none()) {
          write_lease(writer, ia.use, {old, 0, 0});
        }
      }
    }
    if (outcome.status != Dhcpv6Status::kSuccess) {
      writer.status(outcome.status, outcome.why);
    }
    writer.end(begun);
  }

  std::array<std::uint8_t, wire::kIpv6MinMtu> packet;
  Dhcpv6Type type;
  wire::Dhcpv6Writer writer;
};

void Dhcpv6Server::start() {
  lease_ = context_.terms.lease;
  address_holder_ = prefix_holder_ = {};
  declined_ = false;
}

void Dhcpv6Server::stop() {
  lease_ = {};
}

void Dhcpv6Server::on_message(const Ipv6Address& from, const Ipv6Address& to, Bytes octets) {
  Ipv6Counters& counters = context_.counters;
  const auto message = wire::parse_dhcpv6(octets);
  if (!message) {
    ++counters.malformed;
    return;
  }
  ++counters.dhcpv6_received[message->type < wire::kDhcpv6Types ? message->type : 0];
  const auto query = read_query(*message);
  if (!query) {
    ++counters.malformed;
    return;
  }
  const Dhcpv6Verdict verdict = judge(*query, context_.settings.server_duid, to == wire::kAllDhcpAgents);
  if (verdict == Dhcpv6Verdict::kDiscard) {
    ++counters.dhcpv6_discarded;
  } else if (!answers_.take(kAnswers, 1,
                            static_cast<std::uint32_t>(context_.wheel.now().since_start.count()))) {
    ++counters.dhcpv6_limited;
  } else if (verdict == Dhcpv6Verdict::kUseMulticast) {
    ask_for_multicast(*query, from);
  } else {
    answer(*query, from);
  }
}

void Dhcpv6Server::answer(const Dhcpv6Query& query, const Ipv6Address& to) {
  switch (query.type) {
    case Dhcpv6Type::kSolicit:
    case Dhcpv6Type::kRequest:
    case Dhcpv6Type::kRenew:
    case Dhcpv6Type::kRebind:
      return assign(query, to);
    case Dhcpv6Type::kConfirm:
      return confirm(query, to);
    case Dhcpv6Type::kRelease:
    case Dhcpv6Type::kDecline:
      return give_up(query, to);
    case Dhcpv6Type::kInformationRequest:
      return inform(query, to);
    case Dhcpv6Type::kAdvertise:
    case Dhcpv6Type::kReply:
    case Dhcpv6Type::kReconfigure:
    case Dhcpv6Type::kRelayForward:
    case Dhcpv6Type::kRelayReply:
      return;  // judge() has discarded it
  }
}

// ---- the messages ----------------------------------------------------------------------------------------------

/// RFC 8415 §18.3.1, §18.3.2, §18.3.4, §18.3.5.
void Dhcpv6Server::assign(const Dhcpv6Query& query, const Ipv6Address& to) {
  const auto ias = query.identity_associations();
  std::array<Outcome, Dhcpv6Query::kMaxIas> outcomes;
  bool granted = false, address_seen = false, prefix_seen = false;
  for (std::size_t i = 0; i < ias.size(); ++i) {
    bool& seen = ias[i].use == Ipv6Use::kAddress ? address_seen : prefix_seen;
    outcomes[i] = decide(query, ias[i], !std::exchange(seen, true));
    granted = granted || outcomes[i].lease;
  }
  const bool solicited = query.type == Dhcpv6Type::kSolicit;
  const bool commits = !solicited || (query.rapid_commit && granted);
  if (commits && granted) {
    for (std::size_t i = 0; i < ias.size(); ++i) {
      if (outcomes[i].lease) {
        hold(query, ias[i], *outcomes[i].lease);
      }
    }
    context_.host.binding_changed(lease_);
  }
  Answer answer(context_.settings, query, commits ? Dhcpv6Type::kReply : Dhcpv6Type::kAdvertise);
  if (!commits) {
    const std::uint8_t highest =
        255;  // §18.2.1: the client need not wait for other servers, as there are none
    answer.writer.option(Dhcpv6Code::kPreference, Bytes(&highest, 1));
  } else if (solicited) {
    answer.writer.option(Dhcpv6Code::kRapidCommit, {});
  }
  for (std::size_t i = 0; i < ias.size(); ++i) {
    answer.write_ia(query, ias[i], outcomes[i]);
  }
  configure(answer, query);
  send(answer, to);
}

/// RFC 8415 §18.3.3: whether the addresses that a client kept over a change of its link fit this one.
void Dhcpv6Server::confirm(const Dhcpv6Query& query, const Ipv6Address& to) {
  const auto lease = available(Ipv6Use::kAddress);
  const Dhcpv6Query::Ia* has_lease = nullptr;
  bool any = false, all_fit = true;
  for (const Dhcpv6Query::Ia& ia : query.identity_associations()) {
    if (ia.use != Ipv6Use::kAddress) {
      continue;
    }
    for (const Ipv6Prefix& address : ia.list()) {
      any = true;
      const bool is_lease = lease == address;
      has_lease = is_lease ? &ia : has_lease;
      all_fit = all_fit && (is_lease || (context_.terms.link && context_.terms.link->contains(address)));
    }
  }
  if (!any) {
    ++context_.counters.dhcpv6_discarded;
    return;
  }
  if (all_fit && has_lease != nullptr) {  // it asks for nothing more before it uses the address
    hold(query, *has_lease, *lease);
    context_.host.binding_changed(lease_);
  }
  Answer answer(context_.settings, query, Dhcpv6Type::kReply);
  answer.writer.status(all_fit ? Dhcpv6Status::kSuccess : Dhcpv6Status::kNotOnLink,
                       all_fit ? "" : "an address is of another link");
  send(answer, to);
}

/// RFC 8415 §18.3.7 Release, §18.3.8 Decline.
void Dhcpv6Server::give_up(const Dhcpv6Query& query, const Ipv6Address& to) {
  const bool declines = query.type == Dhcpv6Type::kDecline;
  const Ipv6Lease before = lease_;
  Answer answer(context_.settings, query, Dhcpv6Type::kReply);
  answer.writer.status(Dhcpv6Status::kSuccess, "");
  for (const Dhcpv6Query::Ia& ia : query.identity_associations()) {
    if (declines && ia.use != Ipv6Use::kAddress) {
      continue;  // only an address can be another's, too
    }
    const auto lease = held(ia.use);
    if (!lease || !holds(query, ia)) {
      answer.write_ia(query, ia, {.status = Dhcpv6Status::kNoBinding, .why = "this IA has nothing"});
    } else if (std::ranges::find(ia.list(), *lease) != ia.list().end()) {
      let_go(ia.use);
      declined_ = declined_ || declines;
    }
  }
  if (lease_ != before) {
    context_.host.binding_changed(lease_);
  }
  send(answer, to);
}

/// RFC 8415 §18.3.6.
void Dhcpv6Server::inform(const Dhcpv6Query& query, const Ipv6Address& to) {
  Answer answer(context_.settings, query, Dhcpv6Type::kReply);
  configure(answer, query);
  send(answer, to);
}

/// RFC 8415 §18.4.
void Dhcpv6Server::ask_for_multicast(const Dhcpv6Query& query, const Ipv6Address& to) {
  Answer answer(context_.settings, query, Dhcpv6Type::kReply);
  answer.writer.status(Dhcpv6Status::kUseMulticast, "");
  send(answer, to);
}

// ---- what they have in common ----------------------------------------------------------------------------------

/// `first`: of its kind in the message. It has all there is; what size it would like makes no difference.
Dhcpv6Server::Outcome Dhcpv6Server::decide(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia, bool first) {
  const Dhcpv6Status nothing = keeps(query)                  ? Dhcpv6Status::kNoBinding
                               : ia.use == Ipv6Use::kAddress ? Dhcpv6Status::kNoAddrsAvail
                                                             : Dhcpv6Status::kNoPrefixAvail;
  if (!first) {
    return {.status = nothing, .why = "another IA has the only one"};
  }
  // A client of an earlier call may renew what it had there; but not what another has taken over since.
  if (query.type == Dhcpv6Type::kRenew && held(ia.use) && !holds(query, ia)) {
    return {.status = nothing, .why = "another client has it"};
  }
  const auto lease = available(ia.use);
  if (!lease) {
    return {.status = nothing, .why = "there is none for you"};
  }
  const bool foreign =
      std::ranges::any_of(ia.list(), [&](const Ipv6Prefix& address) { return is_foreign(address, *lease); });
  if (query.type == Dhcpv6Type::kRequest && ia.use == Ipv6Use::kAddress && foreign) {
    return {.status = Dhcpv6Status::kNotOnLink, .why = "an address is of another link"};
  }
  return {.lease = lease};
}

/// The client cannot have it from us on this link.
bool Dhcpv6Server::is_foreign(const Ipv6Prefix& address, const Ipv6Prefix& lease) const {
  return !address.address.is_none() && address != lease &&
         !(context_.terms.link && context_.terms.link->contains(address));
}

/// RFC 3646: name servers, and where to look for names.
void Dhcpv6Server::configure(Answer& answer, const Dhcpv6Query& query) const {
  const auto dns = context_.name_servers();
  if (!dns.empty() && query.wants(Dhcpv6Code::kDnsServers)) {
    const std::size_t begun = answer.writer.begin(Dhcpv6Code::kDnsServers);
    for (const Ipv6Address& server : dns) {
      answer.writer.address(server);
    }
    answer.writer.end(begun);
  }
  if (!context_.settings.domain.empty() && query.wants(Dhcpv6Code::kDomainList)) {
    const std::size_t begun = answer.writer.begin(Dhcpv6Code::kDomainList);
    for (const std::string& domain : context_.settings.domain) {
      std::array<std::uint8_t, wire::kMaxDomainName> name;
      answer.writer.octets(Bytes(name).first(wire::write_domain_name(name, domain)));
    }
    answer.writer.end(begun);
  }
}

void Dhcpv6Server::send(Answer& answer, const Ipv6Address& to) {
  const Bytes message = answer.writer.message();
  if (message.empty()) {
    ++context_.counters.dhcpv6_oversized;
    return;
  }
  ++(answer.type == Dhcpv6Type::kReply ? context_.counters.dhcpv6_replies
                                       : context_.counters.dhcpv6_advertises);
  const std::size_t size = wire::write_udp6(
      answer.packet.data(),
      {.source = wire::link_local(context_.terms.interface_id), .destination = to, .hop_limit = 64},
      wire::kDhcpv6ServerPort, wire::kDhcpv6ClientPort, message.size());
  context_.host.send_ipv6(Bytes(answer.packet).first(size));
}

// ---- the lease -------------------------------------------------------------------------------------------------

std::optional<Ipv6Prefix> Dhcpv6Server::available(Ipv6Use use) {
  return use == Ipv6Use::kAddress && declined_ ? std::nullopt : context_.host.lease_ipv6(use);
}

std::optional<Ipv6Prefix> Dhcpv6Server::held(Ipv6Use use) const {
  if (use == Ipv6Use::kDelegate) {
    return lease_.delegated;
  }
  return lease_.address ? std::optional(Ipv6Prefix{.address = *lease_.address, .length = 128}) : std::nullopt;
}

/// What was held before IPv6CP came up again is whoever's on the link that asks for it first.
bool Dhcpv6Server::holds(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia) {
  return holder(ia.use) == Holder{} || holder(ia.use) == Holder{client_of(query), ia.iaid};
}

Dhcpv6Server::Holder& Dhcpv6Server::holder(Ipv6Use use) {
  return use == Ipv6Use::kAddress ? address_holder_ : prefix_holder_;
}

void Dhcpv6Server::hold(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia, const Ipv6Prefix& lease) {
  holder(ia.use) = {client_of(query), ia.iaid};
  if (ia.use == Ipv6Use::kAddress) {
    lease_.address = lease.address;
  } else {
    lease_.delegated = lease;
  }
}

void Dhcpv6Server::let_go(Ipv6Use use) {
  if (use == Ipv6Use::kAddress) {
    lease_.address.reset();
  } else {
    lease_.delegated.reset();
  }
}

}  // namespace adit::control
