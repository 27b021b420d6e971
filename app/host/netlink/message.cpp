// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/message.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>

#include <cerrno>
#include <cstring>

namespace adit::app::netlink {
namespace {

template <typename Value>
std::optional<Value> value_of(const std::optional<Bytes>& octets) {
  if (!octets || octets->size() != sizeof(Value)) {
    return std::nullopt;
  }
  Value value;
  std::memcpy(&value, octets->data(), sizeof value);
  return value;
}

/// The nlmsgerr is followed by the request, which the kernel may have cut down to its header, and then by the
/// attributes.
std::string extended_acknowledgement(const nlmsghdr& message, Bytes payload) {
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return {};
  }
  const auto& request = reinterpret_cast<const nlmsgerr*>(payload.data())->msg;
  std::size_t at = sizeof(nlmsgerr);
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) {
    at +=
        NLMSG_ALIGN(request.nlmsg_len) - std::min<std::size_t>(NLMSG_HDRLEN, NLMSG_ALIGN(request.nlmsg_len));
  }
  return at >= payload.size() ? "" : std::string(Attributes(payload.subspan(at)).text(NLMSGERR_ATTR_MSG));
}

}  // namespace

std::string Failure::text() const {
  return std::strerror(code) + (detail.empty() ? "" : " (" + detail + ')');
}

std::optional<Bytes> Attributes::find(std::uint16_t type) const {
  std::optional<Bytes> found;
  int left = static_cast<int>(octets_.size());
  for (const auto* at = reinterpret_cast<const nlattr*>(octets_.data()); mnl_attr_ok(at, left);
       at = mnl_attr_next(at)) {
    if (mnl_attr_get_type(at) == type) {
      found = {static_cast<const std::uint8_t*>(mnl_attr_get_payload(at)), mnl_attr_get_payload_len(at)};
    }
    left -= static_cast<int>(MNL_ALIGN(at->nla_len));
  }
  return found;
}

std::optional<std::uint16_t> Attributes::u16(std::uint16_t type) const {
  return value_of<std::uint16_t>(find(type));
}

std::optional<std::uint32_t> Attributes::u32(std::uint16_t type) const {
  return value_of<std::uint32_t>(find(type));
}

wire::Ipv4Address Attributes::ipv4(std::uint16_t type) const {
  return wire::Ipv4Address(ntohl(u32(type).value_or(0)));
}

wire::Ipv6Address Attributes::ipv6(std::uint16_t type) const {
  const Bytes octets = find(type).value_or(Bytes{});
  return octets.size() == wire::kIpv6AddressSize ? wire::load_ipv6(octets.data()) : wire::Ipv6Address();
}

std::string_view Attributes::text(std::uint16_t type) const {
  const Bytes octets = find(type).value_or(Bytes{});
  const auto* text = reinterpret_cast<const char*>(octets.data());
  return {text, octets.empty() ? 0 : ::strnlen(text, octets.size())};
}

Attributes Attributes::nested(std::uint16_t type) const {
  return Attributes(find(type).value_or(Bytes{}));
}

Bytes payload_of(const nlmsghdr& message) {
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN) {
    return {};
  }
  return {static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(&message)),
          mnl_nlmsg_get_payload_len(&message)};
}

std::optional<Failure> read_error(const nlmsghdr& message) {
  if (message.nlmsg_type != NLMSG_ERROR) {
    return std::nullopt;
  }
  const Bytes payload = payload_of(message);
  if (payload.size() < sizeof(nlmsgerr)) {
    return Failure{.code = EPROTO};
  }
  return Failure{.code = -reinterpret_cast<const nlmsgerr*>(payload.data())->error,
                 .detail = extended_acknowledgement(message, payload)};
}

void for_each_message(Bytes datagram, const std::function<void(const nlmsghdr&)>& each) {
  int left = static_cast<int>(datagram.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    each(*message);
  }
}

Request::Request(std::uint16_t type, unsigned flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

void Request::put_header(Bytes header) {
  std::memcpy(mnl_nlmsg_put_extra_header(message(), header.size()), header.data(), header.size());
}

void Request::put_u16(std::uint16_t type, std::uint16_t value) {
  keep(mnl_attr_put_u16_check(message(), kRoom, type, value));
}

void Request::put_u32(std::uint16_t type, std::uint32_t value) {
  keep(mnl_attr_put_u32_check(message(), kRoom, type, value));
}

void Request::put_ipv4(std::uint16_t type, wire::Ipv4Address value) {
  put_u32(type, htonl(value.value));
}

void Request::put_address(std::uint16_t type, const wire::Ipv6Address& value) {
  std::array<std::uint8_t, wire::kIpv6AddressSize> octets;
  wire::store_ipv6(octets.data(), value);
  put_octets(type, octets);
}

void Request::put_text(std::uint16_t type, std::string_view value) {
  keep(mnl_attr_put_strz_check(message(), kRoom, type, std::string(value).c_str()));
}

void Request::put_octets(std::uint16_t type, Bytes value) {
  keep(mnl_attr_put_check(message(), kRoom, type, value.size(), value.data()));
}

void Request::nest(std::uint16_t type, const std::function<void()>& fill) {
  nlattr* nest = mnl_attr_nest_start_check(message(), kRoom, type);
  keep(nest != nullptr);
  if (nest != nullptr) {
    fill();
    mnl_attr_nest_end(message(), nest);
  }
}

void Request::set_sequence(std::uint32_t sequence) {
  message()->nlmsg_seq = sequence;
}

void Request::add_flags(unsigned flags) {
  message()->nlmsg_flags = static_cast<std::uint16_t>(message()->nlmsg_flags | flags);
}

Bytes Request::octets() const {
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data());
  return fits_ ? Bytes(buffer_.data(), header->nlmsg_len) : Bytes();
}

}  // namespace adit::app::netlink
