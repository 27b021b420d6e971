// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/eap_tls_fragments.hpp"

#include <algorithm>
#include <utility>

namespace adit::control {
namespace {

constexpr std::size_t kFlagsOctets = 1;
constexpr std::size_t kLengthOctets = 4;

}  // namespace

std::string_view to_text(TlsFragmentFault fault) {
  switch (fault) {
    case TlsFragmentFault::kTruncated:
      return "an EAP-TLS packet is cut off within its flags or its length";
    case TlsFragmentFault::kNoLength:
      return "the first of several EAP-TLS fragments does not say the length of all";
    case TlsFragmentFault::kTooLong:
      return "a TLS message of more than 65,536 octets";
    case TlsFragmentFault::kLengthChanged:
      return "an EAP-TLS fragment says another length than the first of its message";
    case TlsFragmentFault::kOverrun:
      return "EAP-TLS fragments have more octets than their length says";
    case TlsFragmentFault::kUnderrun:
      return "EAP-TLS fragments have fewer octets than their length says";
    case TlsFragmentFault::kEmpty:
      return "an EAP-TLS fragment without an octet says that there is more";
    case TlsFragmentFault::kNotAck:
      return "an EAP-TLS fragment was answered by something else than an acknowledgement";
    case TlsFragmentFault::kTooManyRounds:
      return "EAP-TLS has not ended after 64 packets";
  }
  return "";
}

std::expected<TlsFragment, TlsFragmentFault> parse_tls_fragment(wire::Bytes data) {
  if (data.empty()) {
    return std::unexpected(TlsFragmentFault::kTruncated);
  }
  TlsFragment fragment{.flags = data[0], .octets = data.subspan(kFlagsOctets)};
  if (fragment.has(tls_flags::kLength)) {
    if (fragment.octets.size() < kLengthOctets) {
      return std::unexpected(TlsFragmentFault::kTruncated);
    }
    fragment.total = wire::load_be<std::uint32_t>(fragment.octets.data());
    fragment.octets = fragment.octets.subspan(kLengthOctets);
  }
  return fragment;
}

TlsFragments::TlsFragments(std::size_t octets) : octets_(std::max(octets, kLeastTlsFragment)) {}

void TlsFragments::send(std::vector<std::uint8_t> message) {
  out_ = std::move(message);
  sent_ = 0;
}

std::vector<std::uint8_t> TlsFragments::packet() {
  if (!sending()) {
    return {0};  // acknowledges the peer's
  }
  const std::size_t left = out_.size() - sent_;
  std::vector<std::uint8_t> data;
  data.reserve(std::min(octets_, kFlagsOctets + kLengthOctets + left));
  data.push_back(0);
  if (sent_ == 0 && left > octets_ - kFlagsOctets) {
    // RFC 5216 §2.1.5: the first of several fragments has L; in an unfragmented message it says nothing.
    data[0] = tls_flags::kLength;
    data.resize(kFlagsOctets + kLengthOctets);
    wire::store_be(&data[kFlagsOctets], static_cast<std::uint32_t>(out_.size()));
  }
  const std::size_t fits = std::min(left, octets_ - data.size());
  if (fits < left) {
    data[0] |= tls_flags::kMore;
  }
  const auto from = out_.begin() + static_cast<std::ptrdiff_t>(sent_);
  data.insert(data.end(), from, from + static_cast<std::ptrdiff_t>(fits));
  sent_ += fits;
  if (!sending()) {
    out_ = {};
    sent_ = 0;
  }
  return data;
}

std::expected<TlsFragments::Next, TlsFragmentFault> TlsFragments::on_packet(wire::Bytes data) {
  if (++rounds_ > kMaxTlsRounds) {
    return std::unexpected(TlsFragmentFault::kTooManyRounds);
  }
  const auto fragment = parse_tls_fragment(data);
  if (!fragment) {
    return std::unexpected(fragment.error());
  }
  if (!sending()) {
    return add(*fragment);
  }
  if (!fragment->is_ack()) {
    return std::unexpected(TlsFragmentFault::kNotAck);
  }
  return Next::kPacket;
}

std::expected<TlsFragments::Next, TlsFragmentFault> TlsFragments::add(const TlsFragment& fragment) {
  const bool first = expected_ == 0;
  const bool more = fragment.has(tls_flags::kMore);
  if (fragment.has(tls_flags::kLength)) {
    if (fragment.total > kMaxTlsMessage) {
      return std::unexpected(TlsFragmentFault::kTooLong);
    }
    if (!first && fragment.total != expected_) {
      return std::unexpected(TlsFragmentFault::kLengthChanged);
    }
    expected_ = fragment.total;
  } else if (first) {
    if (more) {
      return std::unexpected(TlsFragmentFault::kNoLength);
    }
    expected_ = static_cast<std::uint32_t>(fragment.octets.size());
  }
  // in_ never has more than expected_, and expected_ is at most kMaxTlsMessage or one packet's size: no sum, no wrap.
  if (fragment.octets.size() > expected_ - in_.size()) {
    return std::unexpected(TlsFragmentFault::kOverrun);
  }
  if (more && fragment.octets.empty()) {
    return std::unexpected(TlsFragmentFault::kEmpty);
  }
  in_.insert(in_.end(), fragment.octets.begin(), fragment.octets.end());
  if (more) {
    return Next::kPacket;
  }
  if (in_.size() != expected_) {
    return std::unexpected(TlsFragmentFault::kUnderrun);
  }
  expected_ = 0;
  return Next::kMessage;
}

std::vector<std::uint8_t> TlsFragments::take_message() {
  return std::exchange(in_, {});
}

}  // namespace adit::control
