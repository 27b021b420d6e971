// SPDX-License-Identifier: Apache-2.0
// RFC 2637 §2: each message's layout is written once, in fields(), in the order of the RFC's figure;
// FieldReader and FieldWriter both use that list, so reading and writing cannot differ.
#include "controlplane/pptp/messages.hpp"

#include <cstring>
#include <utility>

namespace adit::control::pptp {
namespace {

template <typename Io>
constexpr void fields(Io& io, StartControlConnectionRequest& m) {
  io.u16(m.version);
  io.reserved(2);
  io.u32(m.framing_capabilities);
  io.u32(m.bearer_capabilities);
  io.u16(m.maximum_channels);
  io.u16(m.firmware_revision);
  io.text(m.host_name);
  io.text(m.vendor_string);
}

template <typename Io>
constexpr void fields(Io& io, StartControlConnectionReply& m) {
  io.u16(m.version);
  io.code(m.result);
  io.code(m.error);
  io.u32(m.framing_capabilities);
  io.u32(m.bearer_capabilities);
  io.u16(m.maximum_channels);
  io.u16(m.firmware_revision);
  io.text(m.host_name);
  io.text(m.vendor_string);
}

template <typename Io>
constexpr void fields(Io& io, StopControlConnectionRequest& m) {
  io.code(m.reason);
  io.reserved(3);
}

template <typename Io>
constexpr void fields(Io& io, StopControlConnectionReply& m) {
  io.code(m.result);
  io.code(m.error);
  io.reserved(2);
}

template <typename Io>
constexpr void fields(Io& io, EchoRequest& m) {
  io.u32(m.identifier);
}

template <typename Io>
constexpr void fields(Io& io, EchoReply& m) {
  io.u32(m.identifier);
  io.code(m.result);
  io.code(m.error);
  io.reserved(2);
}

template <typename Io>
constexpr void fields(Io& io, OutgoingCallRequest& m) {
  io.u16(m.call_id);
  io.u16(m.call_serial_number);
  io.u32(m.minimum_bps);
  io.u32(m.maximum_bps);
  io.u32(m.bearer_type);
  io.u32(m.framing_type);
  io.u16(m.receive_window);
  io.u16(m.processing_delay);
  io.u16(m.phone_number_length);
  io.reserved(2);
  io.text(m.phone_number);
  io.text(m.subaddress);
}

template <typename Io>
constexpr void fields(Io& io, OutgoingCallReply& m) {
  io.u16(m.call_id);
  io.u16(m.peer_call_id);
  io.code(m.result);
  io.code(m.error);
  io.u16(m.cause);
  io.u32(m.connect_speed);
  io.u16(m.receive_window);
  io.u16(m.processing_delay);
  io.u32(m.physical_channel);
}

template <typename Io>
constexpr void fields(Io& io, IncomingCallRequest& m) {
  io.u16(m.call_id);
  io.u16(m.call_serial_number);
  io.u32(m.bearer_type);
  io.u32(m.physical_channel);
  io.u16(m.dialed_length);
  io.u16(m.dialing_length);
  io.text(m.dialed_number);
  io.text(m.dialing_number);
  io.text(m.subaddress);
}

template <typename Io>
constexpr void fields(Io& io, IncomingCallReply& m) {
  io.u16(m.call_id);
  io.u16(m.peer_call_id);
  io.code(m.result);
  io.code(m.error);
  io.u16(m.receive_window);
  io.u16(m.transmit_delay);
  io.reserved(2);
}

template <typename Io>
constexpr void fields(Io& io, IncomingCallConnected& m) {
  io.u16(m.peer_call_id);
  io.reserved(2);
  io.u32(m.connect_speed);
  io.u16(m.receive_window);
  io.u16(m.transmit_delay);
  io.u32(m.framing_type);
}

template <typename Io>
constexpr void fields(Io& io, CallClearRequest& m) {
  io.u16(m.call_id);
  io.reserved(2);
}

template <typename Io>
constexpr void fields(Io& io, CallDisconnectNotify& m) {
  io.u16(m.call_id);
  io.code(m.result);
  io.code(m.error);
  io.u16(m.cause);
  io.reserved(2);
  io.text(m.call_statistics);
}

template <typename Io>
constexpr void fields(Io& io, WanErrorNotify& m) {
  io.u16(m.peer_call_id);
  io.reserved(2);
  io.u32(m.crc_errors);
  io.u32(m.framing_errors);
  io.u32(m.hardware_overruns);
  io.u32(m.buffer_overruns);
  io.u32(m.time_out_errors);
  io.u32(m.alignment_errors);
}

template <typename Io>
constexpr void fields(Io& io, SetLinkInfo& m) {
  io.u16(m.peer_call_id);
  io.reserved(2);
  io.u32(m.send_accm);
  io.u32(m.receive_accm);
}

// Reader and writer pass over exactly kLength octets; the caller has checked that they are there.

class FieldReader {
 public:
  explicit FieldReader(const std::uint8_t* at) : at_(at) {}
  void u16(std::uint16_t& field) { field = wire::load_be<std::uint16_t>(take(2)); }
  void u32(std::uint32_t& field) { field = wire::load_be<std::uint32_t>(take(4)); }
  template <typename Code>
  void code(Code& field) {
    field = static_cast<Code>(*take(1));
  }
  template <std::size_t kSize>
  void text(FixedText<kSize>& field) {
    std::memcpy(field.octets.data(), take(kSize), kSize);
  }
  void reserved(std::size_t octets) { take(octets); }  // not checked on receipt

 private:
  const std::uint8_t* take(std::size_t octets) { return std::exchange(at_, at_ + octets); }
  const std::uint8_t* at_;
};

class FieldWriter {
 public:
  explicit FieldWriter(std::uint8_t* at) : at_(at) {}
  void u16(std::uint16_t field) { wire::store_be(take(2), field); }
  void u32(std::uint32_t field) { wire::store_be(take(4), field); }
  template <typename Code>
  void code(Code field) {
    *take(1) = static_cast<std::uint8_t>(field);
  }
  template <std::size_t kSize>
  void text(const FixedText<kSize>& field) {
    std::memcpy(take(kSize), field.octets.data(), kSize);
  }
  void reserved(std::size_t octets) { std::memset(take(octets), 0, octets); }

 private:
  std::uint8_t* take(std::size_t octets) { return std::exchange(at_, at_ + octets); }
  std::uint8_t* at_;
};

/// Counts octets only: checks each layout against its length at compile time.
struct FieldCounter {
  std::size_t octets = kHeaderOctets;
  constexpr void u16(std::uint16_t) { octets += 2; }
  constexpr void u32(std::uint32_t) { octets += 4; }
  template <typename Code>
  constexpr void code(Code) {
    octets += 1;
  }
  template <std::size_t kSize>
  constexpr void text(const FixedText<kSize>&) {
    octets += kSize;
  }
  constexpr void reserved(std::size_t count) { octets += count; }
};

constexpr std::uint16_t kControlMessage = 1;
constexpr std::size_t kTypes = std::variant_size_v<Message>;

template <std::size_t kIndex>
using Alternative = std::variant_alternative_t<kIndex, Message>;

template <typename M>
consteval std::size_t laid_out_octets() {
  M message;
  FieldCounter counter;
  fields(counter, message);
  return counter.octets;
}

template <std::size_t... kIndex>
constexpr std::array<std::uint16_t, kTypes> make_lengths(std::index_sequence<kIndex...>) {
  static_assert(((static_cast<std::size_t>(Alternative<kIndex>::kType) == kIndex + 1) && ...));
  static_assert(((Alternative<kIndex>::kLength <= kMaxMessageOctets) && ...));
  static_assert(((Alternative<kIndex>::kLength == laid_out_octets<Alternative<kIndex>>()) && ...));
  return {Alternative<kIndex>::kLength...};
}
constexpr std::array<std::uint16_t, kTypes> kLengths = make_lengths(std::make_index_sequence<kTypes>{});

template <typename M>
Message read_as(const std::uint8_t* body) {
  M message;
  FieldReader reader(body);
  fields(reader, message);
  return message;
}

using ReadAs = Message (*)(const std::uint8_t*);
template <std::size_t... kIndex>
constexpr std::array<ReadAs, kTypes> make_readers(std::index_sequence<kIndex...>) {
  return {&read_as<Alternative<kIndex>>...};
}
constexpr std::array<ReadAs, kTypes> kReaders = make_readers(std::make_index_sequence<kTypes>{});

}  // namespace

std::string_view to_text(ParseError error) {
  switch (error) {
    case ParseError::kBadLength:
      return "wrong length";
    case ParseError::kNotControl:
      return "not a control message";
    case ParseError::kBadMagic:
      return "wrong magic cookie";
    case ParseError::kUnknownType:
      return "unknown control message type";
    case ParseError::kTruncated:
      return "truncated";
  }
  return "unknown";
}

std::expected<std::size_t, ParseError> wanted_octets(wire::Bytes prefix) {
  if (prefix.size() < 2) {
    return kHeaderOctets;
  }
  const std::size_t length = wire::load_be<std::uint16_t>(&prefix[0]);
  if (length < kHeaderOctets || length > kMaxMessageOctets) {
    return std::unexpected(ParseError::kBadLength);
  }
  if (prefix.size() >= 4 && wire::load_be<std::uint16_t>(&prefix[2]) != kControlMessage) {
    return std::unexpected(ParseError::kNotControl);
  }
  if (prefix.size() >= 8 && wire::load_be<std::uint32_t>(&prefix[4]) != kMagicCookie) {
    return std::unexpected(ParseError::kBadMagic);
  }
  if (prefix.size() < 10) {
    return kHeaderOctets;
  }
  const std::size_t type = wire::load_be<std::uint16_t>(&prefix[8]);
  if (type < 1 || type > kTypes) {
    return std::unexpected(ParseError::kUnknownType);
  }
  if (length != kLengths[type - 1]) {
    return std::unexpected(ParseError::kBadLength);
  }
  return length;
}

std::expected<Message, ParseError> parse(wire::Bytes octets) {
  const auto wanted = wanted_octets(octets);
  if (!wanted) {
    return std::unexpected(wanted.error());
  }
  if (*wanted != octets.size()) {
    return std::unexpected(octets.size() < *wanted ? ParseError::kTruncated : ParseError::kBadLength);
  }
  const std::size_t type = wire::load_be<std::uint16_t>(&octets[8]);
  return kReaders[type - 1](octets.data() + kHeaderOctets);
}

Encoded write(const Message& message) {
  Encoded out;
  std::visit(
      [&out](auto copy) {  // a copy, because fields() takes a non-const reference for the reader
        using M = decltype(copy);
        FieldWriter writer(out.octets_.data());
        writer.u16(M::kLength);
        writer.u16(kControlMessage);
        writer.u32(kMagicCookie);
        writer.u16(std::to_underlying(M::kType));
        writer.reserved(2);
        fields(writer, copy);
        out.size_ = M::kLength;
      },
      message);
  return out;
}

}  // namespace adit::control::pptp
