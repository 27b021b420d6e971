// SPDX-License-Identifier: Apache-2.0
// Every bound of the data plane, with its unit and its reason. Reaching a limit is a named outcome
// (drop_reason.hpp), never an error. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adit::dataplane {

/// Packets taken from a queue at once. The cost per packet is lowest at 32 to 64: 8 cost 10-50 % more, 256 up
/// to twice as much, because the burst's headers no longer fit the L1 cache.
inline constexpr std::uint16_t kBurst = 32;

/// Pieces that one inner packet may be cut into (DF clear, larger than the tunnel): 9,000 octets at a 1,280 MTU.
inline constexpr std::uint16_t kMaxFragments = 8;

/// Packets in one downlink burst when each is cut into as many fragments as it may.
inline constexpr std::uint16_t kDownlinkBurst = kBurst * kMaxFragments;

/// Worker numbers and slots share 31 bits of an index entry.
inline constexpr std::uint16_t kMaxWorkers = 256;
inline constexpr std::uint32_t kMaxCallsPerWorker = 1U << 23;

/// Addresses that peers may dial. Each costs 256 KiB of call index.
inline constexpr std::uint32_t kMaxLocalAddresses = 256;

/// Different lengths that IPv6 prefixes of subscribers and of the machine may have: a lookup looks for each.
inline constexpr std::uint32_t kMaxPrefixLengths = 16;

/// Ethernet devices, as DPDK is built (RTE_MAX_ETHPORTS is 32).
inline constexpr std::uint16_t kMaxPorts = 32;

/// Messages read from control per loop: bounds how long packets wait for a burst of installs (about 10 us).
inline constexpr std::uint32_t kMessagesPerLoop = 64;

/// Frames waiting for their owner in its hand-off ring: 32 bursts, about 100 us of a fully loaded worker.
inline constexpr std::uint32_t kHandoffRing = 1024;

/// Bare acknowledgements that are due, examined per loop. 64 in each of 5,000 loops a second are 320,000
/// calls a second.
inline constexpr std::uint32_t kBareAcksPerLoop = 64;

/// The widest gap that a call waits for, in packets: 32 at 10 kpps are 3 ms.
inline constexpr std::uint16_t kReorderWindow = 32;

/// How far a GRE sequence number that nothing vouches for (GreReceiver) may lie ahead of the last one taken.
/// A loss of that many packets in a row is rare, and a guess hits it once in a million.
inline constexpr std::uint32_t kGreReach = 4096;

/// How far behind the last one it counts as late, rather than as coming from another place: RFC 3550 A.1's
/// MAX_MISORDER.
inline constexpr std::uint32_t kGreMisorder = 100;

/// MPPE key changes that one call may spend on lost packets (RFC 3078 §8.1), beyond one per packet received;
/// refilled per second up to the capacity. One costs about 1,500 cycles; 8,192 bridge a loss of that many
/// consecutive packets.
inline constexpr std::uint32_t kRekeysPerSecond = 8192;
inline constexpr std::uint32_t kRekeyCapacity = 8192;

/// ... and that all packets of one burst may spend together: 8,192 take about 4 ms, during which the worker
/// does nothing else.
inline constexpr std::uint32_t kRekeysPerBurst = 8192;

/// Key changes that one worker spends besides, per second and at once, on packets whose coherency count and GRE
/// number do not agree (MppeReceiver::agree): 2 % of a core, however many calls a forger sends them to.
inline constexpr std::uint32_t kDoubtfulRekeysPerSecond = 32'768;
inline constexpr std::uint32_t kDoubtfulRekeyCapacity = 8192;

/// Failed decryptions, and the time that they span, without a good one in between, before control is told that
/// the key chains have diverged. What merely fails while good packets keep coming is a forger's, or a copy.
inline constexpr std::uint8_t kImplausibleInARow = 64;
inline constexpr std::uint32_t kUndecipherableMs = 5000;

/// How far ahead of the last ones taken the GRE number of such a packet may lie to count. After a longer loss, only
/// LCP's echoes find out. Who forges without seeing the numbers needs 65,536 packets for each that counts, 4 million in all.
inline constexpr std::uint32_t kUndecipherableReach = 65'536;

/// Milliseconds between the Reset-Requests of a call with stateful MPPE (RFC 3078 §8.2): about a round trip.
/// After 64 unanswered ones, 16 seconds without traffic, control is told (kImplausibleInARow).
inline constexpr std::uint32_t kResetIntervalMs = 250;

/// Wraps of the coherency count beyond the first that a stateful receiver tries for one packet.
inline constexpr std::uint32_t kMppeWraps = 8;

/// Consecutive lost flushed packets whose key changes a stateful MPPE receiver still tries: at 30 % loss,
/// only one reset in 50,000 loses more.
inline constexpr std::uint32_t kLostFlushes = 8;

/// The most that a packet may decompress to: RFC 1661 §6.1's 1,500 octets, which a peer may send whatever MRU we asked for,
/// and the protocol field. Three octets of MPPC can ask for 8,191.
inline constexpr std::size_t kMppcPlaintext = 1500 + 2;

/// PPP control frames that one call may send to control: LCP needs a few per second, and a flood must not
/// fill the ring that all calls share. Refilled per second up to the capacity.
inline constexpr std::uint32_t kPppFramesPerSecond = 50;
inline constexpr std::uint32_t kPppFrameCapacity = 100;

/// ... until its IP has been up: whoever dials may have thousands of such calls. A dial takes 10 to 20 frames, 40 with a
/// peer that insists on everything in vain, and a request that is lost is repeated every 3 s.
inline constexpr std::uint32_t kDialFramesPerSecond = 5;
inline constexpr std::uint32_t kDialFrameCapacity = 60;

/// ICMP errors and echo replies (RFC 1812 §4.3.2.8) that each side of a call may cause: per second, and at once.
inline constexpr std::uint32_t kCallIcmpPerSecond = 10;
inline constexpr std::uint32_t kCallIcmpCapacity = 20;

/// ... and that one worker sends: as much as 1,000 calls that are at their limit, and under 1 % of its time.
inline constexpr std::uint32_t kIcmpPerSecond = 10'000;
inline constexpr std::uint32_t kIcmpCapacity = 1'000;

/// Router Solicitations and DHCPv6 messages that one call may send to control: a router that starts sends half a dozen
/// within seconds.
inline constexpr std::uint32_t kIpv6MessagesPerSecond = 4;
inline constexpr std::uint32_t kIpv6MessageCapacity = 16;

/// Neighbour resolution requests that each side of a call may cause: a page from several hosts at once.
inline constexpr std::uint32_t kCallResolvesPerSecond = 5;
inline constexpr std::uint32_t kCallResolveCapacity = 10;

/// ... and of one worker: each one makes control ask the kernel.
inline constexpr std::uint32_t kResolvesPerSecond = 500;
inline constexpr std::uint32_t kResolveCapacity = 200;

/// ... and by IPv6, where a subscriber may name any of 2^64 neighbours: the kernel's table has room for 1,024, each for
/// some 3 s, and needs it itself.
inline constexpr std::uint32_t kResolves6PerSecond = 50;
inline constexpr std::uint32_t kResolve6Capacity = 50;

/// Destinations awaiting neighbour resolution, how many of them for one side of a call, packets held for each, and for how
/// long. Linux sends three ARP requests a second apart; after the last, a conversation's first packet is of no use any more.
inline constexpr std::uint32_t kNeighbourWaits = 64;
inline constexpr std::uint8_t kNeighbourWaitShare = 4;
inline constexpr std::uint16_t kNeighbourWaitPackets = 4;
inline constexpr std::uint32_t kNeighbourWaitMs = 1000;

/// The longest sleep of an idle worker, in microseconds: the latency that the first packet after a pause may see.
inline constexpr std::uint32_t kMaxIdleSleepUs = 200;

/// An idle worker polls on for so long, in microseconds, before it begins to sleep: about what a sleep and its wake-up cost.
inline constexpr std::uint32_t kIdleSpinUs = 10;

/// Frames buffered per port before they are handed to the device.
inline constexpr std::uint16_t kTransmitBuffer = 64;

/// Calls per worker that can wait for a gap at the same time; the others do not wait. 280 KiB.
inline constexpr std::uint16_t kReorderWindows = 1024;

/// Packets that one worker holds for all its calls: a quarter of its share of the packet pool.
inline constexpr std::uint32_t kReorderHeld = 1024;

/// Consecutive gaps that are never filled before a call is taken to lose packets rather than to reorder them.
inline constexpr std::uint8_t kReorderCredit = 16;

/// Expired windows examined per loop.
inline constexpr std::uint32_t kReorderFlushesPerLoop = 8;

/// Fragmented GRE packets that one worker reassembles at the same time, and how long it waits for the rest of one.
/// 1.1 MiB.
inline constexpr std::uint32_t kReassemblies = 512;
inline constexpr std::uint32_t kReassemblyMs = 1000;

/// How many of them may be of one source. Fragments of a packet follow each other within microseconds, so this is enough for
/// thousands of subscribers behind one address.
inline constexpr std::uint8_t kReassemblyShare = 16;

/// The largest payload of one: what fits a packet buffer.
inline constexpr std::uint16_t kReassembledOctets = 2048;

/// Least burst of a call's rate limit, in octets: ten full packets.
inline constexpr std::uint32_t kPolicerLeastBurst = 15'000;

/// TTL of what we originate (RFC 1122 §3.2.1.7 leaves it to us; 64 is the assigned default).
inline constexpr std::uint8_t kOriginTtl = 64;

/// Headroom that the downlink may need in front of the inner IP packet: Ethernet with two tags 24
/// (wire::LinkHeader), IPv4 20, GRE 16, FF 03 and 00FD 4, MPPE 2, inner protocol 2.
inline constexpr std::uint16_t kMaxDownlinkHeaders = 68;

}  // namespace adit::dataplane
