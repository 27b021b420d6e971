// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/call_memory.hpp"

#include <rte_hash_crc.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "dataplane/base/drop_reason.hpp"

namespace adit::dataplane {
namespace {

/// To be raised with every change of meaning that leaves sizes and offsets as they are.
constexpr std::uint32_t kVersion = 1;

/// What a table of calls looks like to this build: FNV-1a of its sizes, its offsets and the names that numbers in it stand
/// for.
class LayoutHash {
 public:
  constexpr LayoutHash& add(std::uint64_t value) noexcept {
    for (unsigned bits = 0; bits < 64; bits += 8) {
      octet(static_cast<std::uint8_t>(value >> bits));
    }
    return *this;
  }
  constexpr LayoutHash& add(std::string_view text) noexcept {
    for (const char letter : text) {
      octet(static_cast<std::uint8_t>(letter));
    }
    return add(text.size());
  }
  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

 private:
  constexpr void octet(std::uint8_t octet) noexcept { value_ = (value_ ^ octet) * 0x100000001b3U; }
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

constexpr std::uint64_t layout() noexcept {
  LayoutHash hash;
  for (const std::size_t size :
       {sizeof(Call), sizeof(CallIdentity), sizeof(GreReceiver), sizeof(CallUplink), sizeof(CallDownlink),
        sizeof(CallTraffic), sizeof(crypto::MppeChain), sizeof(CallBudget), sizeof(Policer), sizeof(CallIpv6),
        sizeof(CallDrops), sizeof(StatefulMppe), sizeof(StatefulReceiver), sizeof(crypto::MppeStream)}) {
    hash.add(size);
  }
  for (const std::size_t offset : {offsetof(Call, identity),
                                   offsetof(Call, window),
                                   offsetof(Call, link_prefix),
                                   offsetof(Call, uplink),
                                   offsetof(Call, uplink_traffic),
                                   offsetof(Call, downlink),
                                   offsetof(Call, downlink_traffic),
                                   offsetof(Call, receive_chain),
                                   offsetof(Call, receive_mark),
                                   offsetof(Call, first_uplink),
                                   offsetof(Call, uplink_saved),
                                   offsetof(Call, send_chain),
                                   offsetof(Call, send_mark),
                                   offsetof(Call, first_downlink),
                                   offsetof(Call, downlink_saved),
                                   offsetof(Call, uplink_rate),
                                   offsetof(Call, downlink_rate),
                                   offsetof(Call, ipv6),
                                   offsetof(Call, uplink_ipv6_packets),
                                   offsetof(Call, drops),
                                   offsetof(CallIdentity, peer_id),
                                   offsetof(CallIdentity, ip_up),
                                   offsetof(CallIdentity, mppe_receive),
                                   offsetof(CallIdentity, mppc_send),
                                   offsetof(CallUplink, mppe),
                                   offsetof(CallUplink, order),
                                   offsetof(CallDownlink, sender),
                                   offsetof(CallDownlink, mppe),
                                   offsetof(CallDownlink, peer_mru),
                                   offsetof(CallDownlink, mppc_history)}) {
    hash.add(offset);
  }
  for (const DropReasonText& reason : kDropReasonTexts) {
    hash.add(reason.name);
  }
  return hash.value();
}
constexpr std::uint64_t kLayout = layout();

constexpr char kMagic[] = "adit calls";  // 10 letters and the end

/// At the beginning of each block.
struct Header {
  char magic[12];
  std::uint32_t version;
  std::uint64_t layout;
  std::uint64_t block_octets;
  std::uint32_t slots;
  std::uint16_t workers;
  std::uint16_t worker;  ///< whose block it is
  std::uint8_t stateful_mppe;
  std::uint8_t unused[3];
  std::uint32_t crc;  ///< CRC-32C of all before
};
static_assert(sizeof(Header) == 48);

/// The tables behind it begin on a page of their own.
constexpr std::size_t kHeaderOctets = 4096;

constexpr std::size_t round_up(std::size_t octets, std::size_t unit) noexcept {
  return (octets + unit - 1) / unit * unit;
}

/// Where a worker's tables lie within its block.
struct Places {
  explicit Places(const CallTablesShape& shape) noexcept
      : drops(kHeaderOctets + shape.slots * sizeof(Call)),
        stateful(drops + shape.slots * sizeof(CallDrops)),
        octets(round_up(stateful + (shape.stateful_mppe ? shape.slots * sizeof(StatefulMppe) : 0),
                        CallMemory::kBlockOctets)) {}
  std::size_t drops, stateful, octets;
};

Header header_of(const CallTablesShape& shape, std::uint16_t worker) noexcept {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.layout = kLayout;
  header.block_octets = Places(shape).octets;
  header.slots = shape.slots;
  header.workers = shape.workers;
  header.worker = worker;
  header.stateful_mppe = shape.stateful_mppe ? 1 : 0;
  header.crc = rte_hash_crc(&header, offsetof(Header, crc), 0xffffffff);
  return header;
}

std::string tables_of(std::uint32_t workers, std::uint32_t slots, bool stateful) {
  return std::to_string(workers) + " x " + std::to_string(slots) + " calls with" + (stateful ? "" : "out") +
         " stateful MPPE";
}

/// Why the block's calls are not for this process; empty: they are.
std::string fault_of(const Header& found, const CallTablesShape& shape, std::uint16_t worker) {
  if (std::memcmp(found.magic, kMagic, sizeof kMagic) != 0) {
    return "not a table of calls";
  }
  if (found.crc != rte_hash_crc(&found, offsetof(Header, crc), 0xffffffff)) {
    return "its header is damaged";
  }
  if (found.version != kVersion || found.layout != kLayout) {
    return "another build of aditd has made it";
  }
  const Header wanted = header_of(shape, worker);
  if (std::memcmp(&found, &wanted, sizeof found) != 0) {
    return found.worker != worker
               ? "it is worker " + std::to_string(found.worker) + "'s"
               : "it is for " + tables_of(found.workers, found.slots, found.stateful_mppe != 0) +
                     ", and the configuration wants " +
                     tables_of(shape.workers, shape.slots, shape.stateful_mppe);
  }
  return {};
}

std::string fault_of(std::span<const std::byte> octets, const CallTablesShape& shape) {
  if (shape.slots > kMaxCallsPerWorker || shape.workers == 0 || shape.workers > kMaxWorkers) {
    return "call memory: " + tables_of(shape.workers, shape.slots, shape.stateful_mppe) +
           " are more than there can be; lower max-sessions";
  }
  if (octets.size() < CallMemory::octets_for(shape)) {
    return "call memory: " + std::to_string(octets.size()) + " octets are too few for " +
           tables_of(shape.workers, shape.slots, shape.stateful_mppe);
  }
  if (reinterpret_cast<std::uintptr_t>(octets.data()) % kHeaderOctets != 0) {
    return "call memory: it does not begin on a page";
  }
  return {};
}

}  // namespace

std::size_t CallMemory::octets_for(const CallTablesShape& shape) noexcept {
  return Places(shape).octets * shape.workers;
}

std::expected<CallMemory, std::string> CallMemory::create(std::span<std::byte> octets,
                                                          const CallTablesShape& shape) {
  if (std::string fault = fault_of(octets, shape); !fault.empty()) {
    return std::unexpected(std::move(fault));
  }
  const CallMemory memory(octets, shape, false);
  for (std::uint16_t worker = 0; worker < shape.workers; ++worker) {
    const Header header = header_of(shape, worker);
    std::memcpy(memory.block({worker}).data(), &header, sizeof header);
  }
  return memory;
}

std::expected<CallMemory, std::string> CallMemory::open(std::span<std::byte> octets,
                                                        const CallTablesShape& shape) {
  if (std::string fault = fault_of(octets, shape); !fault.empty()) {
    return std::unexpected(std::move(fault));
  }
  const CallMemory memory(octets, shape, true);
  for (std::uint16_t worker = 0; worker < shape.workers; ++worker) {
    Header header;
    std::memcpy(&header, memory.block({worker}).data(), sizeof header);
    if (const std::string fault = fault_of(header, shape, worker); !fault.empty()) {
      return std::unexpected("call memory of worker " + std::to_string(worker) + ": " + fault +
                             "; its calls are not adopted");
    }
  }
  return memory;
}

std::span<std::byte> CallMemory::block(contract::WorkerId worker) const noexcept {
  const std::size_t octets = Places(shape_).octets;
  return octets_.subspan(worker.value * octets, octets);
}

CallTableMemory CallMemory::table(contract::WorkerId worker) const noexcept {
  std::byte* const at = block(worker).data();
  const Places places(shape_);
  const std::size_t slots = shape_.slots;
  return {
      .calls = {reinterpret_cast<Call*>(at + kHeaderOctets), slots},
      .drops = {reinterpret_cast<CallDrops*>(at + places.drops), slots},
      .stateful = {reinterpret_cast<StatefulMppe*>(at + places.stateful), shape_.stateful_mppe ? slots : 0},
      .left_by_another = left_by_another_};
}

}  // namespace adit::dataplane
