// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/accept.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "controlplane/radius/accept_ipv6.hpp"
#include "controlplane/radius/attribute_text.hpp"
#include "controlplane/radius/framed_route.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control::radius {
namespace {

using Result = std::expected<void, std::string>;

// RFC 2865 §5.8: "the NAS should allow the user to select", "... should select an address".
constexpr wire::Ipv4Address kUserChooses{255, 255, 255, 255};
constexpr wire::Ipv4Address kNasChooses{255, 255, 255, 254};

/// RFC 2548 §2.3.3: Ident and 42 octets, passed to the client unchanged.
std::expected<std::string, std::string> read_success(const Packet& packet) {
  constexpr std::size_t kIdent = 1;
  constexpr std::size_t kSize = 42;  // "S=" and 40 digits
  const Attribute* success = packet.find(kMicrosoft, microsoft::kChap2Success);
  if (success == nullptr) {
    return std::unexpected("Access-Accept lacks MS-CHAP2-Success");
  }
  const std::string_view text = success->text().substr(std::min(kIdent, success->value.size()));
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  if (text.size() < kSize || !text.starts_with("S=") ||
      !std::ranges::all_of(text.substr(2, kSize - 2), is_digit)) {
    return refused(*success, "is not an octet, \"S=\" and 40 upper-case hexadecimal digits");
  }
  return std::string(text.substr(0, kSize));
}

std::optional<crypto::Secret<16>> first_sixteen(const std::optional<crypto::SecretText>& key) {
  if (!key || (key->bytes().size() != 16 && key->bytes().size() != 32)) {
    return std::nullopt;
  }
  return crypto::Secret<16>(key->bytes().first<16>());
}

/// RFC 2548 §2.4.2, §2.4.3: start keys (RFC 3079 §3), from our side.
std::expected<std::optional<MppeStartKeys>, std::string> read_keys_v2(const Client::Reply& reply) {
  const Attribute* send = reply.packet.find(kMicrosoft, microsoft::kMppeSendKey);
  const Attribute* receive = reply.packet.find(kMicrosoft, microsoft::kMppeRecvKey);
  if (send == nullptr && receive == nullptr) {
    return std::nullopt;
  }
  if (send == nullptr || receive == nullptr) {
    return std::unexpected("Access-Accept has only one of MS-MPPE-Send-Key and MS-MPPE-Recv-Key");
  }
  const auto ours = first_sixteen(reveal_salted(send->value, reply.request, reply.secret));
  const auto theirs = first_sixteen(reveal_salted(receive->value, reply.request, reply.secret));
  if (!ours || !theirs) {
    return std::unexpected(
        "MS-MPPE-Send-Key or MS-MPPE-Recv-Key does not decrypt to a key of 16 or 32 octets");
  }
  const crypto::Secret<16> none;  // of a server that has no keys, and would encrypt for everybody
  if (crypto::equal_constant_time(ours->bytes(), none.bytes()) ||
      crypto::equal_constant_time(theirs->bytes(), none.bytes())) {
    return std::unexpected("MS-MPPE-Send-Key or MS-MPPE-Recv-Key is all zeros");
  }
  return MppeStartKeys{*ours, *theirs};
}

/// RFC 2548 §2.4.1: the hash of the NT hash; with the challenge and the key length it gives the start key.
std::expected<std::optional<MppeStartKeys>, std::string> read_keys_v1(const Client::Reply& reply,
                                                                      const MsChapV1Proof& proof) {
  constexpr std::size_t kLmKey = 8;
  constexpr std::size_t kSize = 32;
  const Attribute* keys = reply.packet.find(kMicrosoft, microsoft::kChapMppeKeys);
  if (keys == nullptr) {
    return std::nullopt;
  }
  const auto clear = reveal_password(keys->value, reply.request, reply.secret);
  if (!clear || clear->bytes().size() != kSize) {
    return std::unexpected("MS-CHAP-MPPE-Keys is not 32 octets long");
  }
  const crypto::Secret<16> hash_hash(clear->bytes().subspan<kLmKey, 16>());
  return crypto::mppe_start_keys_v1(hash_hash, proof.challenge);
}

/// Reads one attribute independently of the others. Unrelated attributes change nothing.
class Reader {
 public:
  explicit Reader(AuthAccepted& accepted) : accepted_(accepted) {}

  Result read(const Attribute& attribute) {
    switch (attribute.type) {
      case Type::kFramedIpAddress:
        return address(attribute);
      case Type::kUserName:
        return read_name(attribute, accepted_.user);
      case Type::kFramedMtu:
        return mtu(attribute);
      case Type::kPortLimit:
        return port_limit(attribute);
      case Type::kServiceType:  // RFC 2865 §5.6: what is not served is as an Access-Reject
        return number_of(attribute) == kServiceFramed
                   ? Result{}
                   : refused(attribute, "is not Framed (2), the only one served");
      case Type::kFramedProtocol:
        return number_of(attribute) == kProtocolPpp
                   ? Result{}
                   : refused(attribute, "is not PPP (1), the only one served");
      case Type::kFramedPool:
        return read_name(attribute, accepted_.pool);
      case Type::kSessionTimeout:
        return seconds(attribute, accepted_.session_timeout);
      case Type::kIdleTimeout:
        return seconds(attribute, accepted_.idle_timeout);
      case Type::kAcctInterimInterval:
        return seconds(attribute, accepted_.interim_interval);
      case Type::kClass:
        return add_class(attribute, accepted_.classes)
                   ? Result{}
                   : refused(attribute,
                             "makes them more than 2048 octets, which is what records have room for");
      case Type::kVendorSpecific:
        return attribute.vendor == kMicrosoft ? microsofts(attribute) : Result{};
      default:
        return {};
    }
  }

 private:
  Result address(const Attribute& attribute) {
    const auto number = number_of(attribute);
    const wire::Ipv4Address address(number.value_or(0));
    if (address == kNasChooses || address == kUserChooses) {
      return {};
    }
    if (!number || !wire::is_host(address)) {
      return refused(attribute, "is not an address that a subscriber can have");
    }
    accepted_.address = address;
    return {};
  }

  /// RFC 2865 §5.12.
  Result mtu(const Attribute& attribute) {
    const auto number = number_of(attribute);
    if (!number || *number < 64 || *number > 65'535) {
      return refused(attribute, "is no number from 64 to 65535");
    }
    accepted_.mtu = static_cast<std::uint16_t>(*number);
    return {};
  }

  Result port_limit(const Attribute& attribute) {
    accepted_.port_limit = number_of(attribute);
    if (accepted_.port_limit.value_or(0) == 0) {
      return refused(attribute, "is no number of four octets from 1 on");
    }
    return {};
  }

  Result microsofts(const Attribute& attribute) {
    switch (attribute.vendor_type) {
      case microsoft::kEncryptionPolicy:
        return encryption_policy(attribute);
      case microsoft::kEncryptionTypes:
        return encryption_types(attribute);
      default:
        return microsoft_address(attribute);
    }
  }

  /// RFC 2548 §2.4.4. "Allowed" leaves the decision to the settings. Of several, the strictest holds.
  Result encryption_policy(const Attribute& attribute) {
    constexpr std::uint32_t kAllowed = 1;
    constexpr std::uint32_t kRequired = 2;
    const auto number = number_of(attribute);
    if (number != kAllowed && number != kRequired) {
      return refused(attribute, "is neither 1 (allowed) nor 2 (required)");
    }
    said(policy_, *number);
    accepted_.mppe_required |= number == kRequired;
    return {};
  }

  /// RFC 2548 §2.4.5; 56 bits is by common use. None set: no encryption. Of several, what all of them allow; where
  /// that is nothing, neither the order nor a lack of encryption may be the answer.
  Result encryption_types(const Attribute& attribute) {
    namespace bits = wire::mppe_bits;
    constexpr std::pair<std::uint32_t, std::uint32_t> kTypes[] = {
        {2, bits::k40}, {4, bits::k128}, {8, bits::k56}};
    auto rest = number_of(attribute);
    std::uint32_t strengths = 0;
    for (const auto& [type, strength] : kTypes) {
      if ((rest.value_or(0) & type) != 0) {
        *rest &= ~type;
        strengths |= strength;
      }
    }
    if (rest != 0U) {
      return refused(attribute, "is no set of the bits 2 (40), 4 (128) and 8 (56)");
    }
    const bool differs = said(types_, strengths);
    accepted_.mppe_strengths &= strengths;
    if (differs && accepted_.mppe_strengths == 0) {
      return refused(attribute, "has no key length in common with another");
    }
    return {};
  }

  /// `before`: what the attribute said last. Returns true when it now says something else.
  bool said(std::uint32_t& before, std::uint32_t now) {
    const bool differs = before != kUnsaid && before != now;
    before = now;
    accepted_.mppe_conflict |= differs;
    return differs;
  }

  static Result seconds(const Attribute& attribute, std::optional<Duration>& into) {
    const auto number = number_of(attribute);
    if (!number) {
      return refused(attribute, "is no number of four octets");
    }
    if (*number != 0) {  // 0: no limit, as other NASes take it
      into = std::chrono::seconds(*number);
    }
    return {};
  }

  Result microsoft_address(const Attribute& attribute) {
    wire::Ipv4Address* into = attribute.vendor_type == microsoft::kPrimaryDns      ? &accepted_.servers.dns1
                              : attribute.vendor_type == microsoft::kSecondaryDns  ? &accepted_.servers.dns2
                              : attribute.vendor_type == microsoft::kPrimaryNbns   ? &accepted_.servers.wins1
                              : attribute.vendor_type == microsoft::kSecondaryNbns ? &accepted_.servers.wins2
                                                                                   : nullptr;
    if (into == nullptr) {
      return {};
    }
    const auto number = number_of(attribute);
    if (!number) {
      return refused(attribute, "is not an address");
    }
    *into = wire::Ipv4Address(*number);
    return {};
  }

  AuthAccepted& accepted_;
  static constexpr std::uint32_t kUnsaid = ~std::uint32_t{0};
  std::uint32_t policy_ = kUnsaid;  // the last MS-MPPE-Encryption-Policy
  std::uint32_t types_ = kUnsaid;   // and -Types, as wire::mppe_bits
};

Result read_routes(const Packet& packet, AuthAccepted& accepted) {
  for (const Attribute& attribute : packet.attributes()) {
    if (attribute.type != Type::kFramedRoute) {
      continue;
    }
    const auto route = parse_framed_route(attribute.text(), accepted.address);
    if (!route) {
      return refused(attribute, route.error());
    }
    if (std::ranges::find(accepted.routes, *route) == accepted.routes.end()) {
      accepted.routes.push_back(*route);
    }
  }
  return {};
}

}  // namespace

bool add_class(const Attribute& attribute, std::vector<std::vector<std::uint8_t>>& classes) {
  constexpr std::size_t kRoom = 2048;
  std::size_t octets = attribute.value.size() + 2;
  for (const auto& one : classes) {
    octets += one.size() + 2;
  }
  if (octets > kRoom) {
    return false;
  }
  classes.emplace_back(attribute.value.begin(), attribute.value.end());
  return true;
}

std::expected<void, std::string> read_name(const Attribute& attribute, std::string& into) {
  if (attribute.value.empty()) {
    return refused(attribute, "is no name");
  }
  into = attribute.text();
  return {};
}

std::uint16_t read_reject(const Packet& packet) {
  constexpr std::uint16_t kAuthenticationFailure = 691;
  const Attribute* error = packet.find(kMicrosoft, microsoft::kChapError);
  if (error == nullptr) {
    return kAuthenticationFailure;
  }
  const std::string_view text = error->text();
  const std::size_t at = text.find("E=");
  std::uint16_t code = 0;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + 2, text.data() + text.size(), code);
  }
  return code >= 600 && code < 1000 ? code : kAuthenticationFailure;
}

std::string reply_message(const Packet& packet) {
  std::string all;
  for (const Attribute& attribute : packet.attributes()) {
    if (attribute.type == Type::kReplyMessage) {
      all += (all.empty() ? "" : " ") + std::string(attribute.text());
    }
  }
  return all;
}

std::vector<std::uint8_t> read_eap(const Packet& packet) {
  std::vector<std::uint8_t> whole;
  for (const Attribute& attribute : packet.attributes()) {
    if (attribute.type == Type::kEapMessage) {
      whole.insert(whole.end(), attribute.value.begin(), attribute.value.end());
    }
  }
  return whole;
}

std::expected<AuthAccepted, std::string> read_accept(const Client::Reply& reply, const AuthProof& proof,
                                                     std::span<const RateMapping> rates, bool serves_ipv6) {
  AuthAccepted accepted;
  accepted.by_radius = true;
  Reader reader(accepted);
  for (const Attribute& attribute : reply.packet.attributes()) {
    if (auto read = reader.read(attribute); !read) {
      return std::unexpected(std::move(read.error()));
    }
  }
  if (auto routes = read_routes(reply.packet, accepted); !routes) {
    return std::unexpected(std::move(routes.error()));
  }
  if (serves_ipv6) {
    auto ipv6 = read_ipv6_terms(reply.packet);
    if (!ipv6) {
      return std::unexpected(std::move(ipv6.error()));
    }
    accepted.ipv6 = std::move(*ipv6);
  }
  auto rate = read_rate(reply.packet, rates);
  if (!rate) {
    return std::unexpected(std::move(rate.error()));
  }
  accepted.rate = *rate;
  std::expected<std::optional<MppeStartKeys>, std::string> keys;
  if (std::holds_alternative<MsChapV2Proof>(proof)) {
    auto success = read_success(reply.packet);
    if (!success) {
      return std::unexpected(std::move(success.error()));
    }
    accepted.authenticator_response = std::move(*success);
    keys = read_keys_v2(reply);
  } else if (const auto* v1 = std::get_if<MsChapV1Proof>(&proof)) {
    keys = read_keys_v1(reply, *v1);
  } else if (std::holds_alternative<EapProof>(proof)) {
    keys = read_keys_v2(reply);  // RFC 5216 §2.3: the first 16 of 32 octets; the method's own if it makes 16
  }
  if (!keys) {
    return std::unexpected(std::move(keys.error()));
  }
  accepted.mppe = *keys;
  return accepted;
}

}  // namespace adit::control::radius
