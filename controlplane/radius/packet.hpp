// SPDX-License-Identifier: Apache-2.0
// RADIUS packets (RFC 2865 §3, RFC 2866, RFC 5176): written with attributes in order, read only after their length and
// their authenticator have been found right. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "controlplane/radius/attributes.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control::radius {

using wire::Bytes;

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::size_t kMaxPacket = 4096;
inline constexpr std::size_t kMaxValue = 253;
inline constexpr std::size_t kMaxVendorValue = kMaxValue - 6;

using Authenticator = std::array<std::uint8_t, 16>;

/// One attribute as it stands in a packet that has been verified.
struct Attribute {
  Type type{};
  VendorId vendor = kNoVendor;  ///< with kVendorSpecific
  std::uint8_t vendor_type = 0;
  Bytes value;  ///< of a vendor's attribute: behind its own type and length
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(value.data()), value.size()};
  }
  [[nodiscard]] bool is(VendorId of, std::uint8_t number) const {
    return type == Type::kVendorSpecific && vendor == of && vendor_type == number;
  }
};

/// Writes a request, or the answer to one of RFC 5176. What does not fit kMaxPacket, or a value its length octet, is left
/// out and remembered: good() then is false, and the packet is not to be sent.
class RequestWriter {
 public:
  /// `authenticator`: random for Access-Requests, the request's own for an answer; for the others finish() computes it.
  RequestWriter(Code code, std::uint8_t identifier, const Authenticator& authenticator);

  void octets(Type type, Bytes value);
  void text(Type type, std::string_view value);
  void number(Type type, std::uint32_t value);
  void address(Type type, wire::Ipv4Address value) { number(type, value.value); }
  /// RFC 2868 §3: with a tag octet before it.
  void tagged_number(Type type, std::uint8_t tag, std::uint32_t value);
  void vendor(VendorId vendor, std::uint8_t type, Bytes value);
  /// RFC 2865 §5.2: User-Password, hidden by secret and authenticator.
  void password(Bytes clear, Bytes secret);

  /// Attributes that are written already.
  void append(Bytes attributes);
  /// All so far, as append() takes them.
  [[nodiscard]] Bytes attributes() const { return Bytes(octets_).subspan(kHeaderSize); }

  [[nodiscard]] bool good() const { return good_; }

  /// Signs: Message-Authenticator (which stands first, see begin_signed()) and, except in an Access-Request, the
  /// authenticator. The packet, ready to be sent.
  [[nodiscard]] std::vector<std::uint8_t> finish(Bytes secret) &&;
  /// Puts Message-Authenticator where it has to be: before all other attributes (draft-ietf-radext-deprecating-radius
  /// §5: an attacker cannot then prefix what he has chosen).
  void begin_signed();

 private:
  std::uint8_t* make_room(Type type, std::size_t size);

  std::vector<std::uint8_t> octets_;
  Authenticator authenticator_;
  bool good_ = true;
  bool signed_ = false;
};

enum class Fault : std::uint8_t {
  kLength,                  ///< shorter than its header or its Length, or a Length that no packet has
  kAuthenticator,           ///< Response or Request Authenticator wrong: another secret, or forged
  kNoMessageAuthenticator,  ///< required and absent, or not first
  kMessageAuthenticator,    ///< there and wrong
  kAttributes,              ///< authentic, but attributes do not fill it exactly
};
[[nodiscard]] std::string_view to_text(Fault fault);

/// A packet whose authenticity has been checked, and its attributes' lengths.
class Packet {
 public:
  Packet(Packet&&) = default;  // its attributes point into it: a copy's would not
  Packet& operator=(Packet&&) = default;

  [[nodiscard]] Code code() const { return Code{octets_[0]}; }
  [[nodiscard]] std::uint8_t identifier() const { return octets_[1]; }
  [[nodiscard]] Authenticator authenticator() const;
  [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }
  /// The first of a type; nullptr: none.
  [[nodiscard]] const Attribute* find(Type type) const;
  [[nodiscard]] const Attribute* find(VendorId vendor, std::uint8_t type) const;

 private:
  friend std::expected<Packet, Fault> read_reply(Bytes, const Authenticator&, Bytes, bool);
  friend std::expected<Packet, Fault> read_request(Bytes, Bytes, bool);
  enum class Signed : std::uint8_t { kOptional, kSomewhere, kFirst };
  static std::expected<Packet, Fault> read(Bytes datagram, const Authenticator& authenticator, Bytes secret,
                                           Signed demanded);
  explicit Packet(Bytes octets) : octets_(octets.begin(), octets.end()) {}
  bool parse();

  std::vector<std::uint8_t> octets_;
  std::vector<Attribute> attributes_;
};

/// A reply to the request with this authenticator. Length first, then authenticity, then attributes. Octets behind Length
/// are padding (RFC 2865 §3). `must_be_signed`: a Message-Authenticator is required, as the first attribute; one that is
/// there is checked in any case.
[[nodiscard]] std::expected<Packet, Fault> read_reply(Bytes datagram, const Authenticator& request,
                                                      Bytes secret, bool must_be_signed);

/// A Disconnect-Request or CoA-Request (RFC 5176 §2.3), whose authenticator is computed over zeros. The position of a
/// Message-Authenticator does not matter here: an attacker cannot make us sign a prefix that he has chosen.
[[nodiscard]] std::expected<Packet, Fault> read_request(Bytes datagram, Bytes secret, bool must_be_signed);

/// Identifier of a datagram that has a header; nothing is said of its authenticity.
[[nodiscard]] inline std::uint8_t claimed_identifier(Bytes datagram) {
  return datagram[1];
}

// ---- hidden values ------------------------------------------------------------------------------------------------

/// RFC 2868 §3.5, RFC 2548 §2.4.2: MS-MPPE-Send-Key and -Recv-Key: salt, then length, key and padding, hidden by the
/// *request's* authenticator. Nothing: malformed (salt without its first bit, no multiple of 16, length too large).
[[nodiscard]] std::optional<crypto::SecretText> reveal_salted(Bytes value, const Authenticator& request,
                                                              Bytes secret);
/// RFC 2865 §5.2 backwards: RFC 2548 §2.4.1's MS-CHAP-MPPE-Keys, 32 octets.
[[nodiscard]] std::optional<crypto::SecretText> reveal_password(Bytes value, const Authenticator& request,
                                                                Bytes secret);

// ---- values -------------------------------------------------------------------------------------------------------

[[nodiscard]] inline std::optional<std::uint32_t> number_of(const Attribute& attribute) {
  if (attribute.value.size() != 4) {
    return std::nullopt;
  }
  return wire::load_be<std::uint32_t>(attribute.value.data());
}

}  // namespace adit::control::radius
