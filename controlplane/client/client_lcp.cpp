// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_lcp.hpp"

#include <algorithm>
#include <array>

namespace adit::control {
namespace {

using wire::Bytes;
using wire::LcpOption;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
using wire::PppPacket;
using wire::PppProtocol;

constexpr std::uint8_t type_of(LcpOption option) {
  return static_cast<std::uint8_t>(option);
}

/// RFC 791: the least that an IPv4 link must carry.
constexpr std::uint16_t kLeastMru = 68;
/// RFC 1570 §2.3 operation 6: CBCP decides the number.
constexpr std::uint8_t kCallbackByCbcp = 6;
/// Precedes Windows' error number in a Terminate-Request, see wire::parse_ras_error().
constexpr std::uint32_t kRasSignature = 0x003CCD74;

}  // namespace

ClientLcp::ClientLcp(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy,
                     ControlProtocolHost& host, LcpEvents& events)
    : LcpEndpoint(settings.ppp, settings.profile->lcp_echo_interval.value_or(settings.ppp.lcp_echo_interval),
                  wheel, entropy, host, events),
      client_(settings),
      profile_(*settings.profile) {}

void ClientLcp::forget() {
  peer_ = wished_ = LcpPeer{};
  method_ = wished_method_ = std::nullopt;
  magic_ = new_magic();
  refused_ = 0;
  suggested_ = 0;
  refuses_method_ = false;
}

// ---- our request ------------------------------------------------------------------------------------------

void ClientLcp::write_request(PppFrameWriter& request) {
  for (const LcpOption option : profile_.lcp_options) {
    if (asks(option)) {
      write_option(request, option);
    }
  }
}

void ClientLcp::write_option(PppFrameWriter& request, LcpOption option) const {
  switch (option) {
    case LcpOption::kMru:
      request.option_u16(type_of(option), profile_.mru != 0 ? profile_.mru : settings().mru);
      break;
    case LcpOption::kAccm:
      request.option_u32(type_of(option), 0);
      break;
    case LcpOption::kMagic:
      request.option_u32(type_of(option), magic_);
      break;
    case LcpOption::kCallback:
      request.option(type_of(option), Bytes(&kCallbackByCbcp, 1));
      break;
    default:
      request.option(type_of(option));
      break;
  }
}

bool ClientLcp::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    if (hint.type == type_of(LcpOption::kMagic)) {
      magic_ = new_magic();
    }
    // We accept no other value for the remaining options: each is requested again, then given up.
    refused_ |= insist_no_more && hint.type < 32 ? 1U << hint.type : 0;
  }
  return true;
}

bool ClientLcp::on_reject(const PppOptions& refused) {
  for (const PppOption& option : refused) {
    refused_ |= option.type < 32 ? 1U << option.type : 0;
  }
  return true;
}

void ClientLcp::write_diagnosis(PppFrameWriter& request) {
  switch (profile_.diagnosis) {
    case ClientDiagnosis::kRasError:
      request.u32(own_magic()).u32(kRasSignature).u32(0);
      break;
    case ClientDiagnosis::kText:
      request.octets(wire::octets_of("User request"));
      break;
    case ClientDiagnosis::kNone:
      break;
  }
}

// ---- the server's request ---------------------------------------------------------------------------------

void ClientLcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = LcpPeer{};
  wished_method_ = std::nullopt;
  refuses_method_ = false;
  for (const PppOption& option : wishes) {
    if (!judge_option(option, reply)) {
      reply.reject(option);
    }
  }
}

/// False: reject it.
bool ClientLcp::judge_option(const PppOption& option, ConfigureReply& reply) {
  const std::size_t size = option.value.size();
  switch (LcpOption{option.type}) {
    case LcpOption::kMru:
      wished_.mru = std::max(option.u16().value_or(0), kLeastMru);
      return size == 2;
    case LcpOption::kAccm:
      return size == 4;
    case LcpOption::kAuthentication:
      judge_method(option, reply);
      return true;
    case LcpOption::kMagic:
      wished_.magic = option.u32().value_or(0);
      if (size == 4 && wished_.magic == own_magic() && own_magic() != 0) {
        reply.nak_u32(option, new_magic());  // RFC 1661 §6.4: a loop, or chance
      }
      return size == 4;
    case LcpOption::kProtocolCompression:
      return wished_.accepts_pfc = size == 0;
    case LcpOption::kAddressCompression:
      return wished_.accepts_acfc = size == 0;
    case LcpOption::kEndpointDiscriminator:
      return size >= 1;
    default:
      return false;
  }
}

// Each Nak names another of our methods. A server that allows one takes the hint; any other runs out of its
// own methods.
void ClientLcp::judge_method(const PppOption& option, ConfigureReply& reply) {
  const auto asked = wire::parse_lcp_authentication(option.value);
  for (const AuthMethod method : client_.methods) {
    if (asked == on_the_wire(method)) {
      wished_method_ = method;
      return;
    }
  }
  refuses_method_ = true;
  if (client_.methods.empty()) {
    return reply.reject(option);
  }
  PppFrameWriter hint(protocol(), PppCode::kConfigureNak, 0);
  wire::write_lcp_authentication(hint, on_the_wire(client_.methods[suggested_++ % client_.methods.size()]));
  reply.nak(option, hint.data().subspan(2));
}

void ClientLcp::about_to_ack() {
  peer_ = wished_;
  method_ = wished_method_;
}

void ClientLcp::send_identifications() {
  for (const std::string_view text : profile_.identifications) {
    PppFrameWriter identification(protocol(), PppCode::kIdentification, next_identifier());
    identification.u32(own_magic());
    if (text.empty()) {
      std::array<std::uint8_t, 16> correlation;
      entropy().fill(correlation);
      identification.octets(correlation);
    }
    send(identification.octets(wire::octets_of(text)));
  }
}

}  // namespace adit::control
