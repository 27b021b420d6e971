// SPDX-License-Identifier: Apache-2.0
// RADIUS packets (RFC 2865 §3, RFC 2866, RFC 5176): written attribute by attribute, read only after length
// and authenticator have been verified. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/radius/attributes.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control::radius {

using wire::Bytes;

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::size_t kMaxPacket = 4096;
inline constexpr std::size_t kMaxValue = 253;
inline constexpr std::size_t kMaxVendorValue = kMaxValue - 6;

using Authenticator = std::array<std::uint8_t, 16>;

/// One attribute of a verified packet.
struct Attribute {
  Type type{};
  VendorId vendor = kNoVendor;  ///< with kVendorSpecific
  std::uint8_t vendor_type = 0;
  Bytes value;  ///< of a vendor's attribute: without its type and length
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(value.data()), value.size()};
  }
  [[nodiscard]] bool is(VendorId of, std::uint8_t number) const {
    return type == Type::kVendorSpecific && vendor == of && vendor_type == number;
  }
};

/// Writes a request, or the reply to one of RFC 5176. After an attribute that did not fit (beyond kMaxPacket, or
/// its value too long for its length octet) nothing more is written, and there is no packet: without that
/// attribute it would ask for something else.
class RequestWriter {
 public:
  /// `authenticator`: random for Access-Requests, the request's own for a reply; for others finish() computes
  /// it.
  RequestWriter(Code code, std::uint8_t identifier, const Authenticator& authenticator);

  void octets(Type type, Bytes value);
  void text(Type type, std::string_view value);
  void number(Type type, std::uint32_t value);
  void address(Type type, wire::Ipv4Address value) { number(type, value.value); }
  void address(Type type, const wire::Ipv6Address& value);
  /// RFC 3162 §2.3: as many octets as the length says.
  void prefix(Type type, const wire::Ipv6Prefix& value);
  /// RFC 3162 §2.2.
  void interface_id(Type type, std::uint64_t value);
  /// RFC 2868 §3: preceded by a tag octet.
  void tagged_number(Type type, std::uint8_t tag, std::uint32_t value);
  void vendor(VendorId vendor, std::uint8_t type, Bytes value);
  /// RFC 2865 §5.2: User-Password, hidden by secret and authenticator.
  void password(Bytes clear, Bytes secret);

  /// Appends encoded attributes; none at all are those of a writer into which they did not fit.
  void append(Bytes attributes);
  /// All attributes so far, in append()'s format; empty if one did not fit.
  [[nodiscard]] Bytes attributes() const {
    return fault_.empty() ? Bytes(octets_).subspan(kHeaderSize) : Bytes();
  }

  /// What did not fit first; empty: all has.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  /// Signs: fills in Message-Authenticator (the first attribute, see begin_signed()) and, except in an
  /// Access-Request, the authenticator. Returns the packet, ready to send, or what did not fit.
  [[nodiscard]] std::expected<std::vector<std::uint8_t>, std::string> finish(Bytes secret) &&;
  /// Puts Message-Authenticator where it must be: before all other attributes
  /// (draft-ietf-radext-deprecating-radius §5: so that an attacker cannot put a chosen prefix before it).
  void begin_signed();

 private:
  std::uint8_t* make_room(Type type, std::size_t size);
  void fail(const std::string& name, std::size_t size, const char* rule);

  std::vector<std::uint8_t> octets_;
  Authenticator authenticator_;
  std::string fault_;  // what did not fit first; empty: all has
  bool signed_ = false;
};

enum class Fault : std::uint8_t {
  kLength,                  ///< shorter than its header or its Length, or Length out of range
  kAuthenticator,           ///< Response or Request Authenticator wrong: another secret, or a forgery
  kNoMessageAuthenticator,  ///< required and absent, or not where it must be
  kMessageAuthenticator,    ///< present but wrong
  kAttributes,              ///< authentic, but attributes do not fill the packet exactly
};
[[nodiscard]] std::string_view to_text(Fault fault);

/// A packet whose authenticity and attribute lengths have been checked.
class Packet {
 public:
  Packet(Packet&&) = default;  // attributes point into the packet: those of a copy would not
  Packet& operator=(Packet&&) = default;

  [[nodiscard]] Code code() const { return Code{octets_[0]}; }
  [[nodiscard]] std::uint8_t identifier() const { return octets_[1]; }
  [[nodiscard]] Authenticator authenticator() const;
  [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }
  /// The first of that type; nullptr: none.
  [[nodiscard]] const Attribute* find(Type type) const;
  [[nodiscard]] const Attribute* find(VendorId vendor, std::uint8_t type) const;

 private:
  friend std::expected<Packet, Fault> read_reply(Bytes, const Authenticator&, Bytes, bool, bool);
  friend std::expected<Packet, Fault> read_request(Bytes, Bytes, bool);
  enum class Signed : std::uint8_t { kOptional, kSomewhere, kFirst };
  static std::expected<Packet, Fault> read(Bytes datagram, const Authenticator& authenticator, Bytes secret,
                                           Signed demanded);
  explicit Packet(Bytes octets) : octets_(octets.begin(), octets.end()) {}
  bool parse();

  std::vector<std::uint8_t> octets_;
  std::vector<Attribute> attributes_;
};

/// Reads a reply to the request with this authenticator. Checks length, then authenticity, then attributes.
/// Octets after Length are padding (RFC 2865 §3). `must_be_signed`: a Message-Authenticator is required as
/// the first attribute; `anywhere`: it is required whatever `must_be_signed` is, and may stand anywhere, as in replies to
/// EAP-Message (RFC 3579 §3.2; hostapd and FreeRADIUS before 3.2.5 put it last): one that is demanded and right is not
/// forged, wherever it stands. One that is present is checked in any case.
[[nodiscard]] std::expected<Packet, Fault> read_reply(Bytes datagram, const Authenticator& request,
                                                      Bytes secret, bool must_be_signed,
                                                      bool anywhere = false);

/// Reads a Disconnect-Request or CoA-Request (RFC 5176 §2.3), whose authenticator is computed over zeros. The
/// position of a Message-Authenticator does not matter here: an attacker cannot make us sign a chosen prefix.
[[nodiscard]] std::expected<Packet, Fault> read_request(Bytes datagram, Bytes secret, bool must_be_signed);

/// Identifier of a datagram that has a header; not verified.
[[nodiscard]] inline std::uint8_t claimed_identifier(Bytes datagram) {
  return datagram[1];
}

// ---- hidden values ----------------------------------------------------------------------------------------

/// RFC 2868 §3.5, RFC 2548 §2.4.2: MS-MPPE-Send-Key and -Recv-Key: salt, then length, key and padding, hidden
/// by the *request's* authenticator. Nothing: malformed (salt without its first bit, not a multiple of 16,
/// length too large).
[[nodiscard]] std::optional<crypto::SecretText> reveal_salted(Bytes value, const Authenticator& request,
                                                              Bytes secret);
/// RFC 2865 §5.2 reversed: RFC 2548 §2.4.1's MS-CHAP-MPPE-Keys, 32 octets.
[[nodiscard]] std::optional<crypto::SecretText> reveal_password(Bytes value, const Authenticator& request,
                                                                Bytes secret);

// ---- values -----------------------------------------------------------------------------------------------

[[nodiscard]] inline std::optional<std::uint32_t> number_of(const Attribute& attribute) {
  if (attribute.value.size() != 4) {
    return std::nullopt;
  }
  return wire::load_be<std::uint32_t>(attribute.value.data());
}

/// RFC 3162 §2.1, RFC 6911 §3.1.
[[nodiscard]] std::optional<wire::Ipv6Address> ipv6_address_of(const Attribute& attribute);

/// RFC 3162 §2.3, RFC 4818 §3: a reserved octet, the length, and octets of the prefix, which may end where the length
/// does. Nothing: they end before that, or there are host bits.
[[nodiscard]] std::optional<wire::Ipv6Prefix> prefix_of(const Attribute& attribute);

/// RFC 3162 §2.2.
[[nodiscard]] std::optional<std::uint64_t> interface_id_of(const Attribute& attribute);

}  // namespace adit::control::radius
