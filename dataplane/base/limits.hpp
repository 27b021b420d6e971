// SPDX-License-Identifier: Apache-2.0
// Every bound of the data plane, with its unit and its reason. A limit reached is an outcome with a name
// (drop_reason.hpp), never an error. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adit::dataplane {

/// Packets taken from a queue at once. 32 to 64 is where the cost per packet is lowest: 8 cost 10-50 % more,
/// 256 up to twice as much, because the burst's headers no longer fit the L1 cache.
inline constexpr std::uint16_t kBurst = 32;

/// Pieces that one inner packet may be cut into (DF clear, larger than the tunnel): 9,000 octets at a 1,280 MTU.
inline constexpr std::uint16_t kMaxFragments = 8;

/// Packets of one burst on the way down when each is cut into as many pieces as it may.
inline constexpr std::uint16_t kDownlinkBurst = kBurst * kMaxFragments;

/// Worker numbers and slots share 31 bits of an index entry.
inline constexpr std::uint16_t kMaxWorkers = 256;
inline constexpr std::uint32_t kMaxCallsPerWorker = 1U << 23;

/// Addresses that peers may dial. Each costs 256 KiB of call index.
inline constexpr std::uint32_t kMaxLocalAddresses = 256;

/// Ethernet devices, as DPDK is built (RTE_MAX_ETHPORTS is 32).
inline constexpr std::uint16_t kMaxPorts = 32;

/// Messages read from control per loop: bounds how long packets wait for a burst of installs (about 10 us).
inline constexpr std::uint32_t kMessagesPerLoop = 64;

/// Frames that wait for their owner in its hand-off ring: 32 bursts, about 100 us of a full worker.
inline constexpr std::uint32_t kHandoffRing = 1024;

/// Due bare acknowledgements looked at per loop. 64 in each of 5,000 loops a second are 320,000 calls a second.
inline constexpr std::uint32_t kBareAcksPerLoop = 64;

/// MPPE key changes beyond one per packet (RFC 3078 §8.1: those of lost packets) that one call may cost, refilled per
/// second up to the capacity. One costs about 1,500 cycles; 8,192 bridge a loss of that many packets at once.
inline constexpr std::uint32_t kRekeysPerSecond = 8192;
inline constexpr std::uint32_t kRekeyCapacity = 8192;

/// ... and that all packets of one burst may cost together: 8,192 are about 4 ms in which nothing else moves.
inline constexpr std::uint32_t kRekeysPerBurst = 8192;

/// Decryptions that fail in a row before control is told that the key chains have diverged.
inline constexpr std::uint8_t kImplausibleInARow = 64;

/// Milliseconds between the Reset-Requests of a call in stateful MPPE (RFC 3078 §8.2): about a round trip. The 64 that
/// go unanswered before control is told (kImplausibleInARow) are 16 seconds without traffic.
inline constexpr std::uint32_t kResetIntervalMs = 250;

/// Flushed packets lost in a row whose key changes a receiver of stateful MPPE still tries: at 30 % loss, one reset in
/// 50,000 loses more.
inline constexpr std::uint32_t kLostFlushes = 8;

/// PPP control frames that one call may send to control: LCP needs a few per second, a flood must not fill the ring
/// that all calls share. Refilled per second up to the capacity.
inline constexpr std::uint32_t kPppFramesPerSecond = 50;
inline constexpr std::uint32_t kPppFrameCapacity = 100;

/// ICMP errors and echo replies that one worker sends (RFC 1812 §4.3.2.8), per second and at once.
inline constexpr std::uint32_t kIcmpPerSecond = 1000;
inline constexpr std::uint32_t kIcmpCapacity = 100;

/// Requests to resolve a neighbour, per worker: control asks the kernel for each.
inline constexpr std::uint32_t kResolvesPerSecond = 100;
inline constexpr std::uint32_t kResolveCapacity = 20;

/// Destinations that packets may wait for while the kernel resolves them, packets for each, and for how long. Linux sends
/// three ARP requests, a second apart; by the last, a conversation's first packet is of no use.
inline constexpr std::uint32_t kNeighbourWaits = 64;
inline constexpr std::uint16_t kNeighbourWaitPackets = 4;
inline constexpr std::uint32_t kNeighbourWaitMs = 1000;

/// The longest sleep of an idle worker, in microseconds: the latency that the first packet after a pause may see.
inline constexpr std::uint32_t kMaxIdleSleepUs = 200;

/// Empty loops before an idle worker begins to sleep, one microsecond longer each time.
inline constexpr std::uint32_t kIdleLoopsBeforeSleep = 256;

/// Frames that wait per port before they are handed to the device.
inline constexpr std::uint16_t kTransmitBuffer = 64;

/// Packets that one call's gap may span while it is waited for: 32 at 10 kpps are 3 ms.
inline constexpr std::uint16_t kReorderWindow = 32;

/// Calls of one worker that wait for a gap at the same time; more do without. 280 KiB.
inline constexpr std::uint16_t kReorderWindows = 1024;

/// Packets held by one worker, all calls together: a quarter of what the packet pool has for it.
inline constexpr std::uint32_t kReorderHeld = 1024;

/// Gaps in a row that a call waits for in vain before it is taken to lose packets rather than to reorder them.
inline constexpr std::uint8_t kReorderCredit = 16;

/// Windows that have fallen due, looked at per loop.
inline constexpr std::uint32_t kReorderFlushesPerLoop = 8;

/// Fragmented GRE packets that one worker reassembles at the same time, and how long it waits for the rest of one.
inline constexpr std::uint32_t kReassemblies = 1024;
inline constexpr std::uint32_t kReassemblyMs = 1000;

/// Fragments that one source may leave unfinished, per second and at once: those of whole packets are given back, so a
/// flood costs its source, not the others.
inline constexpr std::uint32_t kFragmentsPerSecond = 64;
inline constexpr std::uint32_t kFragmentCapacity = 128;

/// Buckets that sources are counted in, by hash.
inline constexpr std::uint32_t kFragmentSources = 4096;

/// Frames of one class (kernel_path.hpp) that one worker passes to the kernel, per second and at once, and those of all
/// workers that wait for control to pass them on.
inline constexpr std::uint32_t kPuntsPerSecond = 10'000;
inline constexpr std::uint32_t kPuntCapacity = 1'000;
inline constexpr std::uint32_t kPuntRing = 1024;

/// Burst of a call's rate limit: this much time of it, and at least so many octets (ten full packets).
inline constexpr std::uint32_t kPolicerBurstMs = 200;
inline constexpr std::uint32_t kPolicerLeastBurst = 15'000;

/// TTL of what we originate (RFC 1122 §3.2.1.7 leaves it to us; 64 is the assigned default).
inline constexpr std::uint8_t kOriginTtl = 64;

/// Octets before the inner IP packet that the way down may need: Ethernet with two tags 24 (wire::LinkHeader), IPv4 20,
/// GRE 16, FF 03 and 00FD 4, MPPE 2, inner protocol 2.
inline constexpr std::uint16_t kMaxDownlinkHeaders = 68;

}  // namespace adit::dataplane
