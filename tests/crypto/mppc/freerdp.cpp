// SPDX-License-Identifier: Apache-2.0
#include "tests/crypto/mppc/freerdp.hpp"

#include <freerdp/codec/mppc.h>

#include <cstdlib>

namespace adit::crypto::test {
namespace {

constexpr DWORD kRdp4 = 0;
constexpr UINT32 kCompressed = PACKET_COMPRESSED;

std::shared_ptr<void> new_context(bool compressor) {
  setenv("WLOG_LEVEL", "OFF", 0);  // it reports every refused packet
  MPPC_CONTEXT* const context = mppc_context_new(kRdp4, compressor ? TRUE : FALSE);
  if (context == nullptr) {
    std::abort();
  }
  return {context, [](void* old) { mppc_context_free(static_cast<MPPC_CONTEXT*>(old)); }};
}

UINT32 bits_of(MppcFlags flags) {
  return static_cast<UINT32>(flags.flushed ? PACKET_FLUSHED : 0) |
         static_cast<UINT32>(flags.at_front ? PACKET_AT_FRONT : 0);
}

/// It takes octets that it does not write as if it wrote them.
BYTE* writable(std::span<const std::uint8_t> octets) {
  return const_cast<BYTE*>(octets.data());
}

}  // namespace

FreerdpCoder::FreerdpCoder() : context_(new_context(true)), result_(16384) {
  reset();
}

FreerdpCoder::Sent FreerdpCoder::compress(std::span<const std::uint8_t> packet) {
  BYTE* result = result_.data();
  auto size = static_cast<UINT32>(result_.size());
  UINT32 bits = 0;
  if (mppc_compress(static_cast<MPPC_CONTEXT*>(context_.get()), writable(packet),
                    static_cast<UINT32>(packet.size()), &result, &size, &bits) < 0) {
    std::abort();
  }
  Sent sent{.octets = {},
            .flags = {.flushed = (bits & PACKET_FLUSHED) != 0, .at_front = (bits & PACKET_AT_FRONT) != 0}};
  if ((bits & kCompressed) != 0) {
    sent.octets = {result, size};
  }
  return sent;
}

void FreerdpCoder::reset() {
  mppc_context_reset(static_cast<MPPC_CONTEXT*>(context_.get()), FALSE);
}

FreerdpDecoder::FreerdpDecoder() : context_(new_context(false)) {}

std::optional<std::span<const std::uint8_t>> FreerdpDecoder::decompress(
    MppcFlags flags, std::span<const std::uint8_t> packet) {
  BYTE* plain = nullptr;
  UINT32 size = 0;
  if (mppc_decompress(static_cast<MPPC_CONTEXT*>(context_.get()), writable(packet),
                      static_cast<UINT32>(packet.size()), &plain, &size, kCompressed | bits_of(flags)) < 0) {
    return {};
  }
  return std::span<const std::uint8_t>(plain, size);
}

void FreerdpDecoder::uncompressed(MppcFlags flags) {
  static const std::uint8_t kAny[1] = {};
  BYTE* plain = nullptr;
  UINT32 size = 0;
  mppc_decompress(static_cast<MPPC_CONTEXT*>(context_.get()), writable(kAny), 1, &plain, &size,
                  bits_of(flags));
}

void FreerdpDecoder::reset() {
  mppc_context_reset(static_cast<MPPC_CONTEXT*>(context_.get()), FALSE);
}

}  // namespace adit::crypto::test
