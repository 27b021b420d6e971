// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_ipv6cp.hpp"

#include "dataplane/wire/ipv6cp.hpp"

namespace adit::control {
namespace {

using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;

constexpr auto kIdentifierType = static_cast<std::uint8_t>(wire::Ipv6cpOption::kInterfaceIdentifier);

std::uint64_t identifier_of(const PppOption& option) {
  return option.type == kIdentifierType ? wire::ipv6cp_identifier(option).value_or(0) : 0;
}

}  // namespace

void ClientIpv6cp::forget() {
  own_ = asked_;
  peer_ = wished_ = 0;
}

void ClientIpv6cp::write_request(PppFrameWriter& request) {
  wire::write_ipv6cp_identifier(request, own_);
}

void ClientIpv6cp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = 0;
  for (const PppOption& option : wishes) {
    const std::uint64_t identifier = identifier_of(option);
    if (identifier == 0 || identifier == own_) {
      reply.reject(option);  // no compression here, and no identifiers to give
    } else {
      wished_ = identifier;
    }
  }
}

void ClientIpv6cp::about_to_ack() {
  peer_ = wished_;
  if (own_ != 0) {
    events_.expect_ipv6(own_);
  }
}

bool ClientIpv6cp::on_nak(const PppOptions& hints, bool) {
  for (const PppOption& hint : hints) {
    const std::uint64_t identifier = identifier_of(hint);
    own_ = identifier != 0 ? identifier : own_;
  }
  if (own_ != 0) {
    events_.expect_ipv6(own_);
  }
  return true;
}

bool ClientIpv6cp::on_reject(const PppOptions&) {
  cannot_agree(failure(), "server rejects the interface identifier");
  return false;
}

void ClientIpv6cp::this_layer_up() {
  if (own_ == 0) {
    return fail(failure(), "server assigned no interface identifier");
  }
  ControlProtocol::this_layer_up();
}

}  // namespace adit::control
