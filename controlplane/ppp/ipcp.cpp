// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/ipcp.hpp"

#include "controlplane/ppp/carried_session.hpp"

namespace adit::control {
namespace {

using wire::IpcpOption;
using wire::Ipv4Address;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;

constexpr auto kAddressType = static_cast<std::uint8_t>(IpcpOption::kAddress);

/// The only address that the option may carry. None: not configured.
Ipv4Address right_answer(const PppOption& option, Ipv4Address assigned, const NameServers& servers) {
  switch (IpcpOption{option.type}) {
    case IpcpOption::kAddress:
      return assigned;
    case IpcpOption::kPrimaryDns:
      return servers.dns1;
    case IpcpOption::kSecondaryDns:
      return servers.dns2;
    case IpcpOption::kPrimaryNbns:
      return servers.wins1;
    case IpcpOption::kSecondaryNbns:
      return servers.wins2;
    case IpcpOption::kAddresses:
    case IpcpOption::kCompression:
    case IpcpOption::kMobileIpv4:
      break;
  }
  return {};
}

}  // namespace

CarriedIpcp Ipcp::carried() const {
  return {.protocol = carried_protocol(),
          .assigned = assigned_,
          .servers = servers_,
          .asks_address = ask_address_};
}

bool Ipcp::adopt(const CarriedIpcp& from) {
  assigned_ = from.assigned;
  use(from.servers);
  ask_address_ = from.asks_address;
  return adopt_protocol(from.protocol);
}

void Ipcp::write_request(PppFrameWriter& request) {
  if (ask_address_) {
    request.option_ipv4(kAddressType, ip_.gateway);
  }
}

void Ipcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  bool has_address = false;
  takes_address_ = false;
  for (const PppOption& option : wishes) {
    has_address |= option.type == kAddressType;
    takes_address_ |= option.type == kAddressType && option.u32() == assigned_.value;
    const auto wish = wire::ipcp_address(option);
    const Ipv4Address answer = right_answer(option, assigned_, servers_);
    if (!wish || answer.is_none()) {
      reply.reject(option);
    } else if (*wish != answer) {
      reply.nak_u32(option, answer.value);  // 0.0.0.0 as well as another subscriber's address
    }
  }
  if (!has_address) {
    // RFC 1332 §3.3. There is no option to reject: who must take its address is asked until it is given up.
    ip_.address_required ? reply.insist_u32(kAddressType, assigned_.value)
                         : reply.ask_u32(kAddressType, assigned_.value);
  }
}

// The peer cannot choose our address.
bool Ipcp::on_nak(const PppOptions&, bool insist_no_more) {
  ask_address_ = ask_address_ && !insist_no_more;
  return true;
}

bool Ipcp::on_reject(const PppOptions&) {
  ask_address_ = false;  // the only option that we request
  return true;
}

}  // namespace adit::control
