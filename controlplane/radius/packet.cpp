// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/packet.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "controlplane/radius/dictionary.hpp"
#include "crypto/digest.hpp"

namespace adit::control::radius {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::size_t kMessageAuthenticatorSize = 16;
constexpr std::size_t kAuthenticatorAt = 4;
constexpr Authenticator kZeros{};

void store_length(std::vector<std::uint8_t>& packet) {
  wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
}

/// The datagram without the padding after its Length; empty if Length is invalid.
Bytes trimmed(Bytes datagram) {
  if (datagram.size() < kHeaderSize) {
    return {};
  }
  const std::size_t length = wire::load_be<std::uint16_t>(datagram.data() + 2);
  return length < kHeaderSize || length > kMaxPacket || length > datagram.size() ? Bytes{}
                                                                                 : datagram.first(length);
}

enum class Signature : std::uint8_t { kNone, kFirst, kElsewhere, kWrong };

/// Finds Message-Authenticator before the attributes are trusted: lengths are checked at each step, and an
/// inconsistent list ends the search. `authenticator` stands in for the header's (RFC 3579 §3.2).
Signature check_signature(Bytes packet, const Authenticator& authenticator, Bytes secret) {
  for (std::size_t at = kHeaderSize; at + 2 <= packet.size();) {
    const std::size_t size = packet[at + 1];
    if (size < 2 || at + size > packet.size()) {
      break;
    }
    if (packet[at] != static_cast<std::uint8_t>(Type::kMessageAuthenticator)) {
      at += size;
      continue;
    }
    if (size != 2 + kMessageAuthenticatorSize) {
      return Signature::kWrong;
    }
    const Bytes before = packet.subspan(kHeaderSize, at + 2 - kHeaderSize);
    const Bytes after = packet.subspan(at + size);
    const auto right =
        crypto::hmac_md5(secret, {packet.first(kAuthenticatorAt), authenticator, before, kZeros, after});
    if (!crypto::equal_constant_time(right, packet.subspan(at + 2, kMessageAuthenticatorSize))) {
      return Signature::kWrong;
    }
    return at == kHeaderSize ? Signature::kFirst : Signature::kElsewhere;
  }
  return Signature::kNone;
}

/// RFC 2865 §5.2: each block is hidden by the digest of the secret and the previous block as transmitted.
/// Encryption and decryption differ only in which of the two texts that block is.
std::vector<std::uint8_t> unhide(Bytes hidden, std::initializer_list<Bytes> first, Bytes secret) {
  std::vector<std::uint8_t> clear(hidden.begin(), hidden.end());
  auto mask = crypto::md5(first);
  for (std::size_t at = 0; at < clear.size(); at += kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) {
      clear[at + i] ^= mask[i];
    }
    mask = crypto::md5({secret, hidden.subspan(at, kBlock)});
  }
  crypto::wipe(mask.data(), mask.size());
  return clear;
}

}  // namespace

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::kLength:
      return "its length is wrong";
    case Fault::kAuthenticator:
      return "its authenticator is wrong: another secret, or forged";
    case Fault::kNoMessageAuthenticator:
      return "it lacks Message-Authenticator, which must be the first attribute of a reply";
    case Fault::kMessageAuthenticator:
      return "its Message-Authenticator is wrong";
    case Fault::kAttributes:
      return "its attributes do not match its length";
  }
  return "unknown";
}

// ---- writing ----------------------------------------------------------------------------------------------

RequestWriter::RequestWriter(Code code, std::uint8_t identifier, const Authenticator& authenticator)
    : octets_(kHeaderSize), authenticator_(authenticator) {
  octets_.reserve(512);
  octets_[0] = static_cast<std::uint8_t>(code);
  octets_[1] = identifier;
  std::ranges::copy(authenticator, octets_.begin() + kAuthenticatorAt);
}

void RequestWriter::fail(const std::string& name, std::size_t size, const char* rule) {
  if (fault_.empty()) {
    fault_ = name + " of " + std::to_string(size) + " octets " + rule;
  }
}

/// Room for a value, or nullptr when there is none, or was none before.
std::uint8_t* RequestWriter::make_room(Type type, std::size_t size) {
  // RFC 2865 §5: what is empty is left out. But a request without a name is one that some servers accept.
  const bool nameless = size == 0 && type == Type::kUserName && Code{octets_[0]} == Code::kAccessRequest;
  if (nameless || size > kMaxValue || octets_.size() + 2 + size > kMaxPacket) {
    const Definition* known = standard_dictionary().find(kNoVendor, static_cast<std::uint8_t>(type));
    fail(known != nullptr ? known->name : "attribute " + std::to_string(static_cast<unsigned>(type)), size,
         nameless           ? "is empty"
         : size > kMaxValue ? "is longer than 253"
                            : "makes the packet longer than 4096");
  }
  if (size == 0 || !fault_.empty()) {
    return nullptr;
  }
  octets_.push_back(static_cast<std::uint8_t>(type));
  octets_.push_back(static_cast<std::uint8_t>(2 + size));
  octets_.resize(octets_.size() + size);
  return octets_.data() + octets_.size() - size;
}

void RequestWriter::octets(Type type, Bytes value) {
  if (std::uint8_t* at = make_room(type, value.size())) {
    std::memcpy(at, value.data(), value.size());
  }
}

void RequestWriter::append(Bytes attributes) {
  if (attributes.empty() || octets_.size() + attributes.size() > kMaxPacket) {
    fault_ = fault_.empty() ? "the attributes make the packet longer than 4096" : fault_;
  }
  if (!fault_.empty()) {
    return;
  }
  octets_.insert(octets_.end(), attributes.begin(), attributes.end());
}

void RequestWriter::text(Type type, std::string_view value) {
  octets(type, wire::octets_of(value));
}

void RequestWriter::number(Type type, std::uint32_t value) {
  if (std::uint8_t* at = make_room(type, sizeof value)) {
    wire::store_be(at, value);
  }
}

void RequestWriter::address(Type type, const wire::Ipv6Address& value) {
  if (std::uint8_t* at = make_room(type, wire::kIpv6AddressSize)) {
    wire::store_ipv6(at, value);
  }
}

void RequestWriter::prefix(Type type, const wire::Ipv6Prefix& value) {
  std::array<std::uint8_t, 2 + wire::kIpv6AddressSize> octets{0, value.length};
  wire::store_ipv6(octets.data() + 2, value.address);
  this->octets(type, Bytes(octets).first(2 + (value.length + 7U) / 8U));
}

void RequestWriter::interface_id(Type type, std::uint64_t value) {
  if (std::uint8_t* at = make_room(type, sizeof value)) {
    wire::store_be(at, value);
  }
}

void RequestWriter::tagged_number(Type type, std::uint8_t tag, std::uint32_t value) {
  number(type, std::uint32_t{tag} << 24 | (value & 0xffffff));
}

void RequestWriter::vendor(VendorId vendor, std::uint8_t type, Bytes value) {
  if (std::uint8_t* at = make_room(Type::kVendorSpecific, 6 + value.size())) {
    wire::store_be(at, vendor);
    at[4] = type;
    at[5] = static_cast<std::uint8_t>(2 + value.size());
    std::ranges::copy(value, at + 6);
  }
}

void RequestWriter::password(Bytes clear, Bytes secret) {
  constexpr std::size_t kLongest = 128;
  if (clear.size() > kLongest) {
    return fail("User-Password", clear.size(), "is longer than 128");
  }
  const std::size_t size = std::max<std::size_t>((clear.size() + kBlock - 1) / kBlock * kBlock, kBlock);
  std::uint8_t* at = make_room(Type::kUserPassword, size);
  if (at == nullptr) {
    return;
  }
  auto mask = crypto::md5({secret, authenticator_});
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) {
      const std::uint8_t octet = begin + i < clear.size() ? clear[begin + i] : std::uint8_t{0};
      at[begin + i] = static_cast<std::uint8_t>(octet ^ mask[i]);
    }
    mask = crypto::md5({secret, Bytes(at + begin, kBlock)});
  }
  crypto::wipe(mask.data(), mask.size());
}

void RequestWriter::begin_signed() {
  signed_ = make_room(Type::kMessageAuthenticator, kMessageAuthenticatorSize) != nullptr;
}

std::expected<std::vector<std::uint8_t>, std::string> RequestWriter::finish(Bytes secret) && {
  if (!fault_.empty()) {
    return std::unexpected(std::move(fault_));
  }
  store_length(octets_);
  const Code code{octets_[0]};
  const bool random = code == Code::kAccessRequest || code == Code::kStatusServer;
  const bool answer = code == Code::kDisconnectAck || code == Code::kDisconnectNak || code == Code::kCoaAck ||
                      code == Code::kCoaNak;
  if (!random && !answer) {
    std::fill_n(octets_.begin() + kAuthenticatorAt, authenticator_.size(), std::uint8_t{0});
  }
  if (signed_) {
    const auto signature = crypto::hmac_md5(secret, {octets_});
    std::ranges::copy(signature, octets_.begin() + kHeaderSize + 2);
  }
  if (!random) {
    authenticator_ = crypto::md5({octets_, secret});
    std::ranges::copy(authenticator_, octets_.begin() + kAuthenticatorAt);
  }
  return std::move(octets_);
}

// ---- reading ----------------------------------------------------------------------------------------------

std::expected<Packet, Fault> Packet::read(Bytes datagram, const Authenticator& authenticator, Bytes secret,
                                          Signed demanded) {
  const Bytes octets = trimmed(datagram);
  if (octets.empty()) {
    return std::unexpected(Fault::kLength);
  }
  const auto digest =
      crypto::md5({octets.first(kAuthenticatorAt), authenticator, octets.subspan(kHeaderSize), secret});
  if (!crypto::equal_constant_time(digest, octets.subspan(kAuthenticatorAt, digest.size()))) {
    return std::unexpected(Fault::kAuthenticator);
  }
  const Signature signature = check_signature(octets, authenticator, secret);
  if (signature == Signature::kWrong) {
    return std::unexpected(Fault::kMessageAuthenticator);
  }
  if ((demanded == Signed::kFirst && signature != Signature::kFirst) ||
      (demanded == Signed::kSomewhere && signature == Signature::kNone)) {
    return std::unexpected(Fault::kNoMessageAuthenticator);
  }
  Packet packet(octets);
  if (!packet.parse()) {
    return std::unexpected(Fault::kAttributes);
  }
  return packet;
}

std::expected<Packet, Fault> read_reply(Bytes datagram, const Authenticator& request, Bytes secret,
                                        bool must_be_signed, bool anywhere) {
  auto packet = Packet::read(datagram, request, secret,
                             anywhere         ? Packet::Signed::kSomewhere
                             : must_be_signed ? Packet::Signed::kFirst
                                              : Packet::Signed::kOptional);
  if (packet && packet->find(Type::kEapMessage) != nullptr &&
      packet->find(Type::kMessageAuthenticator) == nullptr) {
    return std::unexpected(Fault::kNoMessageAuthenticator);
  }
  return packet;
}

std::expected<Packet, Fault> read_request(Bytes datagram, Bytes secret, bool must_be_signed) {
  return Packet::read(datagram, kZeros, secret,
                      must_be_signed ? Packet::Signed::kSomewhere : Packet::Signed::kOptional);
}

/// False: an attribute's length is below 2 or beyond the packet. A vendor attribute that does not parse is
/// kept unchanged, without vendor: RFC 2865 §5.26 leaves its content to the vendor.
bool Packet::parse() {
  const Bytes octets(octets_);
  for (std::size_t at = kHeaderSize; at < octets.size();) {
    if (at + 2 > octets.size() || octets[at + 1] < 2 || at + octets[at + 1] > octets.size()) {
      return false;
    }
    const Bytes value = octets.subspan(at + 2, octets[at + 1] - 2U);
    const Type type{octets[at]};
    at += octets[at + 1];
    if (type != Type::kVendorSpecific || value.size() < 6) {
      attributes_.push_back({.type = type, .value = value});
      continue;
    }
    // One attribute may hold several of a vendor's.
    const VendorId vendor = wire::load_be<VendorId>(value.data());
    for (Bytes rest = value.subspan(4); !rest.empty();) {
      if (rest.size() < 2 || rest[1] < 2 || rest[1] > rest.size()) {
        attributes_.push_back({.type = type, .value = value});
        break;
      }
      attributes_.push_back(
          {.type = type, .vendor = vendor, .vendor_type = rest[0], .value = rest.subspan(2, rest[1] - 2U)});
      rest = rest.subspan(rest[1]);
    }
  }
  return true;
}

Authenticator Packet::authenticator() const {
  Authenticator authenticator;
  std::copy_n(octets_.begin() + kAuthenticatorAt, authenticator.size(), authenticator.begin());
  return authenticator;
}

const Attribute* Packet::find(Type type) const {
  const auto found = std::ranges::find(attributes_, type, &Attribute::type);
  return found == attributes_.end() ? nullptr : &*found;
}

const Attribute* Packet::find(VendorId vendor, std::uint8_t type) const {
  const auto found =
      std::ranges::find_if(attributes_, [&](const Attribute& each) { return each.is(vendor, type); });
  return found == attributes_.end() ? nullptr : &*found;
}

// ---- hidden values ----------------------------------------------------------------------------------------

std::optional<crypto::SecretText> reveal_salted(Bytes value, const Authenticator& request, Bytes secret) {
  constexpr std::size_t kSalt = 2;
  constexpr std::uint8_t kSaltMark = 0x80;
  if (value.size() < kSalt + kBlock || (value.size() - kSalt) % kBlock != 0 || (value[0] & kSaltMark) == 0) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> clear =
      unhide(value.subspan(kSalt), {secret, request, value.first(kSalt)}, secret);
  const std::size_t size = clear[0];
  std::optional<crypto::SecretText> revealed;
  if (size < clear.size()) {
    revealed =
        crypto::SecretText::adopt({clear.begin() + 1, clear.begin() + 1 + static_cast<std::ptrdiff_t>(size)});
  }
  crypto::wipe(clear.data(), clear.size());
  return revealed;
}

std::optional<crypto::SecretText> reveal_password(Bytes value, const Authenticator& request, Bytes secret) {
  if (value.empty() || value.size() % kBlock != 0) {
    return std::nullopt;
  }
  return crypto::SecretText::adopt(unhide(value, {secret, request}, secret));
}

// ---- values -----------------------------------------------------------------------------------------------

std::optional<wire::Ipv6Address> ipv6_address_of(const Attribute& attribute) {
  if (attribute.value.size() != wire::kIpv6AddressSize) {
    return std::nullopt;
  }
  return wire::load_ipv6(attribute.value.data());
}

std::optional<wire::Ipv6Prefix> prefix_of(const Attribute& attribute) {
  constexpr std::size_t kBefore = 2;
  if (attribute.value.size() < kBefore || attribute.value.size() > kBefore + wire::kIpv6AddressSize) {
    return std::nullopt;
  }
  std::array<std::uint8_t, wire::kIpv6AddressSize> octets{};
  const Bytes given = attribute.value.subspan(kBefore);
  std::ranges::copy(given, octets.begin());
  const wire::Ipv6Address address = wire::load_ipv6(octets.data());
  const wire::Ipv6Prefix prefix{.address = address, .length = attribute.value[1]};
  return prefix.length <= 8 * given.size() && prefix.contains(address) ? std::optional(prefix) : std::nullopt;
}

std::optional<std::uint64_t> interface_id_of(const Attribute& attribute) {
  if (attribute.value.size() != sizeof(std::uint64_t)) {
    return std::nullopt;
  }
  return wire::load_be<std::uint64_t>(attribute.value.data());
}

}  // namespace adit::control::radius
