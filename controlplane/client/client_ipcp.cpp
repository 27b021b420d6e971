// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_ipcp.hpp"

#include <algorithm>
#include <array>

namespace adit::control {
namespace {

using wire::IpcpOption;
using wire::Ipv4Address;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;

constexpr auto kAddressType = static_cast<std::uint8_t>(IpcpOption::kAddress);
constexpr auto kPrimaryDnsType = static_cast<std::uint8_t>(IpcpOption::kPrimaryDns);
/// The option as pppd sends it (RFC 1332 §4): protocol 002D, 16 slots, slot IDs compressed.
constexpr std::array<std::uint8_t, 4> kVanJacobson = {0x00, 0x2D, 0x0F, 0x01};

}  // namespace

void ClientIpcp::forget() {
  own_ = peer_ = wished_ = {};
  std::ranges::fill(servers_, Ipv4Address{});
  refused_ = 0;
}

/// Where an address option's value is kept; nullptr for other options.
Ipv4Address* ClientIpcp::value_of(std::uint8_t type) {
  if (type == kAddressType) {
    return &own_;
  }
  return type >= kPrimaryDnsType && type < kPrimaryDnsType + std::size(servers_)
             ? &servers_[type - kPrimaryDnsType]
             : nullptr;
}

void ClientIpcp::write_request(PppFrameWriter& request) {
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const auto type = static_cast<std::uint8_t>(options_[i]);
    if ((refused_ >> i & 1) != 0) {
      continue;
    }
    if (const Ipv4Address* value = value_of(type)) {
      request.option_ipv4(type, *value);
    } else {
      request.option(type, kVanJacobson);
    }
  }
}

bool ClientIpcp::on_nak(const PppOptions& hints, bool) {
  for (const PppOption& hint : hints) {
    Ipv4Address* value = value_of(hint.type);
    const auto answer = wire::ipcp_address(hint);
    if (value != nullptr && answer) {
      *value = *answer;
    }
  }
  if (!own_.is_none()) {
    events_.expect_ip(own_);
  }
  return true;
}

bool ClientIpcp::on_reject(const PppOptions& refused) {
  for (const PppOption& option : refused) {
    if (option.type == kAddressType) {
      cannot_agree(failure(), "server rejects the address option");
      return false;
    }
    for (std::size_t i = 0; i < options_.size(); ++i) {
      refused_ |= option.type == static_cast<std::uint8_t>(options_[i]) ? 1U << i : 0;
    }
  }
  return true;
}

void ClientIpcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = {};
  for (const PppOption& option : wishes) {
    const auto address = wire::ipcp_address(option);
    if (option.type != kAddressType || !address || address->is_none()) {
      reply.reject(option);  // no compression here, and no addresses to give
    } else {
      wished_ = *address;
    }
  }
}

void ClientIpcp::this_layer_up() {
  if (own_.is_none()) {
    return fail(failure(), "server assigned no address");
  }
  ControlProtocol::this_layer_up();
}

}  // namespace adit::control
