// SPDX-License-Identifier: Apache-2.0
// The records from which another process goes on with calls and their control connections: what there is in one, and its
// octets. A record is a kind, a version and fields (field_codec.hpp). Of a call there is one as soon as it has been up, until
// it ends; of a connection, while one of its calls has one. No keys, and nothing that only the data plane knows.
// Tags are those of records: only add to them. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/field_codec.hpp"
#include "controlplane/ppp/carried_session.hpp"
#include "controlplane/pptp/carried_connection.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::control {

struct CarriedConnection {
  std::uint64_t id = 0;  ///< ConnectionId
  wire::Ipv4Address peer, local;
  Instant since;
  std::optional<Instant> started;
  std::uint32_t calls = 0;  ///< so far
  CarriedPptp pptp;
  /// Of those that it has now, with or without a record: the peer is told of the end of each that is not adopted.
  struct Call {
    wire::LocalCallId local_id;
    bool incoming = false;
  };
  std::vector<Call> calls_now;
  std::vector<std::uint8_t> unsent;  ///< the rest of a message that was sent in part, and what was to follow
};

/// See CallAccounting.
struct CarriedAccounting {
  std::string user;
  wire::Ipv4Address address;
  std::optional<Ipv6Binding> ipv6;
  std::vector<std::vector<std::uint8_t>> classes;
  bool by_radius = false;
  std::optional<Duration> interim_interval;
  Instant interim_due;
  std::optional<Instant> change_due;
  Instant next_change;
};

/// See CallPrefixes.
struct CarriedPrefixes {
  Ipv6Terms terms;
  std::optional<wire::Ipv6Prefix> link, address, delegated;  ///< leased
  bool used = false;
};

struct CarriedTimeouts {
  std::optional<Duration> session, idle;
};

/// What IP, by either family, has been enabled with: contract::EnableIp, contract::EnableIpv6.
struct CarriedEnabled {
  wire::Ipv4Address subscriber;  ///< none: IPv4 is not up
  std::uint16_t peer_mru = 0;
  bool require_mppe = false;
  bool has_had_ipv4 = false;
  std::optional<Ipv6Binding> ipv6;  ///< none: IPv6 is not up
  std::uint16_t peer_mru6 = 0;
  bool require_mppe6 = false;
};

/// The gates of CallStory, not what was said there.
struct CarriedStory {
  Instant begun;
  std::vector<std::uint32_t> gates;  ///< milliseconds after it, by Gate, one more: 0 is never
  std::uint8_t origin = 0;
};

struct CarriedCall {
  std::uint64_t connection = 0;  ///< ConnectionId
  std::uint64_t number = 0;      ///< of the session ID
  contract::CallRef ref;
  wire::Ipv4Address peer, local;
  Instant since, up_since;
  CarriedPptpCall pptp;
  CarriedSession session;
  std::string logged_in_as;
  AuthMethod method{};  ///< of the last login
  wire::Ipv4Address leased;
  std::vector<wire::Ipv4Prefix> routes;
  std::optional<CarriedPrefixes> prefixes;
  CarriedEnabled enabled;
  SubscriberRate admitted_rate, rate;
  std::optional<CarriedTimeouts> timeouts;
  std::optional<CarriedAccounting> accounting;
  std::uint32_t mppc_history = 0;
  CarriedStory story;
};

using Carried = std::variant<CarriedConnection, CarriedCall>;

/// The longest record: a user with all that a RADIUS packet can grant.
inline constexpr std::size_t kMaxRecord = 8192;
/// Room that a store should have for a record: a call with both families, MPPE, accounting and some routes takes two thirds
/// of it. A call whose record does not fit is not carried.
inline constexpr std::size_t kUsualRecord = 1536;

/// None: it does not fit into `into`; else the part of it that was written.
[[nodiscard]] std::optional<wire::Bytes> write_record(const Carried& carried, wire::MutableBytes into);
/// Why not, in words, for the log. An unknown version is refused whole; so is a call that contradicts itself.
[[nodiscard]] std::expected<Carried, std::string> read_record(wire::Bytes record);

// ---- the fields -------------------------------------------------------------------------------------------

void fields(auto& at, FieldsOf<CarriedConnection::Call> auto& call) {
  at(1, call.local_id);
  at(2, call.incoming);
}

void fields(auto& at, FieldsOf<CarriedConnection> auto& connection) {
  at(1, connection.id);
  at(2, connection.peer);
  at(3, connection.local);
  at(4, connection.since);
  at(5, connection.started);
  at(6, connection.calls);
  at(7, connection.pptp);
  at(8, connection.calls_now);
  at(9, connection.unsent);
}

void fields(auto& at, FieldsOf<contract::CallRef> auto& ref) {
  at(1, ref.worker.value);
  at(2, ref.slot);
  at(3, ref.generation);
}

void fields(auto& at, FieldsOf<SubscriberRate> auto& rate) {
  at(1, rate.down);
  at(2, rate.up);
}

void fields(auto& at, FieldsOf<CarriedTimeouts> auto& timeouts) {
  at(1, timeouts.session);
  at(2, timeouts.idle);
}

void fields(auto& at, FieldsOf<Ipv6Terms> auto& terms) {
  at(1, terms.denied);
  at(2, terms.interface_id);
  at(3, terms.link);
  at(4, terms.address);
  at(5, terms.delegated);
  at(6, terms.link_pool);
  at(7, terms.address_pool);
  at(8, terms.delegated_pool);
  at(9, terms.routes);
  at(10, terms.dns);
}

void fields(auto& at, FieldsOf<CarriedPrefixes> auto& prefixes) {
  at(1, prefixes.terms);
  at(2, prefixes.link);
  at(3, prefixes.address);
  at(4, prefixes.delegated);
  at(5, prefixes.used);
}

void fields(auto& at, FieldsOf<CarriedEnabled> auto& enabled) {
  at(1, enabled.subscriber);
  at(2, enabled.peer_mru);
  at(3, enabled.require_mppe);
  at(4, enabled.has_had_ipv4);
  at(5, enabled.ipv6);
  at(6, enabled.peer_mru6);
  at(7, enabled.require_mppe6);
}

void fields(auto& at, FieldsOf<CarriedAccounting> auto& accounting) {
  at(1, accounting.user);
  at(2, accounting.address);
  at(3, accounting.ipv6);
  at(4, accounting.classes);
  at(5, accounting.by_radius);
  at(6, accounting.interim_interval);
  at(7, accounting.interim_due);
  at(8, accounting.change_due);
  at(9, accounting.next_change);
}

void fields(auto& at, FieldsOf<CarriedStory> auto& story) {
  at(1, story.begun);
  at(2, story.gates);
  at(3, story.origin);
}

void fields(auto& at, FieldsOf<CarriedCall> auto& call) {
  at(1, call.connection);
  at(2, call.number);
  at(3, call.ref);
  at(4, call.peer);
  at(5, call.local);
  at(6, call.since);
  at(7, call.up_since);
  at(8, call.pptp);
  at(9, call.session);
  at(10, call.logged_in_as);
  at(11, call.method, AuthMethod::kEap);
  at(12, call.leased);
  at(13, call.routes);
  at(14, call.prefixes);
  at(15, call.enabled);
  at(16, call.admitted_rate);
  at(17, call.rate);
  at(18, call.timeouts);
  at(19, call.accounting);
  at(20, call.mppc_history);
  at(21, call.story);
}

}  // namespace adit::control
