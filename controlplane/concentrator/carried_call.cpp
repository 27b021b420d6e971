// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/carried_call.hpp"

#include <algorithm>
#include <string_view>

#include "controlplane/concentrator/call_story.hpp"

namespace adit::control {
namespace {

enum class Kind : std::uint8_t { kConnection = 1, kCall = 2 };
/// Grows when fields do not do: a process that does not know it refuses the record.
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderSize = 2;

/// "" or what cannot be: whoever goes on with the call relies on the rest.
std::string_view fault_of(const CarriedCall& call) {
  if (call.ref.generation == 0 || call.pptp.local_id.value == 0) {
    return "it has no place in the data plane";
  }
  if (call.peer.is_none() || call.local.is_none()) {
    return "it has no tunnel";
  }
  if (call.session.user.empty() && call.logged_in_as.empty()) {
    return "nobody has logged in";
  }
  if (!call.enabled.subscriber.is_none() && call.enabled.subscriber != call.leased) {
    return "its address is not the one that it has leased";
  }
  if (call.enabled.ipv6 && !call.prefixes) {
    return "it has IPv6, but no terms for it";
  }
  if (call.story.gates.size() > kGates ||
      call.story.origin > static_cast<std::uint8_t>(CallStory::Origin::kBroughtIn)) {
    return "its story is another's";
  }
  const CarriedNetwork& network = call.session.network;
  const bool up = network.ipcp.protocol.state == PppState::kOpened ||
                  (network.ipv6cp && network.ipv6cp->protocol.state == PppState::kOpened);
  if (!call.session.renews && !up) {
    return "IP is up by no protocol";
  }
  if (!call.session.renews && call.enabled.subscriber.is_none() && !call.enabled.ipv6) {
    return "IP is up, and nothing is forwarded";
  }
  return "";
}

std::string_view fault_of(const CarriedConnection& connection) {
  return connection.peer.is_none() || connection.local.is_none() ? "it has no ends"
         : connection.calls_now.empty()                          ? "it has no calls"
                                                                 : "";
}

template <typename Structure>
std::expected<Carried, std::string> read_as(std::string_view name, wire::Bytes octets) {
  Structure structure;
  std::string why;
  FieldReader reader(octets, why);
  fields(reader, structure);
  if (why.empty()) {
    why = fault_of(structure);
  }
  if (!why.empty()) {
    return std::unexpected(std::string(name) + "'s record: " + why);
  }
  return structure;
}

}  // namespace

std::optional<wire::Bytes> write_record(const Carried& carried, wire::MutableBytes into) {
  if (into.size() < kHeaderSize) {
    return std::nullopt;
  }
  into[0] = static_cast<std::uint8_t>(std::holds_alternative<CarriedCall>(carried) ? Kind::kCall
                                                                                   : Kind::kConnection);
  into[1] = kVersion;
  FieldWriter writer(into.subspan(kHeaderSize));
  std::visit([&writer](const auto& structure) { fields(writer, structure); }, carried);
  return writer.fits() ? std::optional(into.first(kHeaderSize + writer.octets().size())) : std::nullopt;
}

std::expected<Carried, std::string> read_record(wire::Bytes record) {
  if (record.size() < kHeaderSize) {
    return std::unexpected("a record of " + std::to_string(record.size()) + " octets is none");
  }
  if (record[1] != kVersion) {
    return std::unexpected("a record is of version " + std::to_string(record[1]) + ", and only " +
                           std::to_string(kVersion) + " can be read");
  }
  switch (Kind{record[0]}) {
    case Kind::kConnection:
      return read_as<CarriedConnection>("a connection", record.subspan(kHeaderSize));
    case Kind::kCall:
      return read_as<CarriedCall>("a call", record.subspan(kHeaderSize));
  }
  return std::unexpected("a record is of kind " + std::to_string(record[0]) + ", which is not known here");
}

}  // namespace adit::control
