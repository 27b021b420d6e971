// SPDX-License-Identifier: Apache-2.0
// Frames as a Debian 12 client (pptp 1.10, pppd 2.4.9, Linux 6.1 kernel PPP) and two servers put them on the wire.
// Calls: "accel" to accel-ppp, local ID 1, peer ID 0x037B; "poptop" to pptpd 1.4 with ACFC, IDs 0x0080 and 0xF1E7.
#pragma once

#include <array>
#include <string_view>

namespace adit::wire::test::captured {

// accel-ppp's first frame to the client: S only, first sequence number 1.
inline constexpr std::string_view kLcpRequestFromServer =
    "921530a6d8248e1f2b731c0f0800 45000037ff160000402ff77bc0000203c0000202 3001880b0017037b00000001"
    "ff03c021 019d0013 0305c22381 01040578 050638873a67";
// The client's first: accm, magic, pfc, acfc.
inline constexpr std::string_view kLcpRequestFromClient =
    "8e1f2b731c0f921530a6d8240800 45000038d2714000402fe41fc0000202c0000203 3001880b0018000100000001"
    "ff03c021 01010014 020600000000 0506a8c08b28 0702 0802";
// accel-ppp rejects three options: S and A.
inline constexpr std::string_view kLcpReject =
    "921530a6d8248e1f2b731c0f0800 45000036ff170000402ff77bc0000203c0000202 3081880b0012037b0000000200000001"
    "ff03c021 0401000e 020600000000 0702 0802";
// The client acknowledges and says nothing: A only, the ack at offset 8.
inline constexpr std::string_view kBareAck =
    "8e1f2b731c0f921530a6d8240800 45000020d2744000402fe434c0000202c0000203 2081880b0000000100000004";
inline constexpr std::string_view kChapChallenge =
    "2611a8a95fad926d26043f960800 4500003c86ac4000402f2fe3c0000201c0000202 3001880b001cf1e700000002"
    "c223 01a5001a 10 399ba8e78757229bf5d4fdff6a6c86fa 7070747064";
inline constexpr std::string_view kChapResponse =
    "8e1f2b731c0f921530a6d8240800 4500005fd2754000402fe3f4c0000202c0000203 3001880b003f000100000004"
    "ff03c223 0201003b 31 14752d9e13837273a85cc4c52459f49f 0000000000000000"
    "23202bfd0b960d28790d7cd3c6e86f616f64f6dd0c784626 00 616c696365";
inline constexpr std::string_view kChapSuccess =
    "2611a8a95fad926d26043f960800 4500006586ad4000402f2fb9c0000201c0000202 3081880b0041f1e70000000300000003"
    "c223 03a5003f 533d38453337464438313237343630373538423035324535384630414238353138304133334338434644"
    "204d3d416363657373206772616e746564";
inline constexpr std::string_view kCcpRequest =
    "8e1f2b731c0f921530a6d8240800 4500002ed2774000402fe423c0000202c0000203 3001880b000e000100000005"
    "ff0380fd 0101000a 120601000040";
inline constexpr std::string_view kIpcpNak =
    "921530a6d8248e1f2b731c0f0800 45000032ff1e0000402ff778c0000203c0000202 3081880b000e037b0000000900000008"
    "ff038021 0301000a 03060a090002";
inline constexpr std::string_view kIpv6cpRequest =
    "926d26043f962611a8a95fad0800 450000307ff84000402f36a3c0000202c0000201 3001880b0010008000000007"
    "8057 0101000e 010af9922ea17e0e1854";
inline constexpr std::string_view kProtocolReject =
    "921530a6d8248e1f2b731c0f0800 4500002eff1f0000402ff77bc0000203c0000202 3081880b000a037b0000000a00000009"
    "ff03c021 089f0006 8057";
inline constexpr std::string_view kTerminateRequest =
    "926d26043f962611a8a95fad0800 450000398009 4000402f3689c0000202c0000201 3081880b001500800000001700000016"
    "ff03c021 05020011 4d5050452064697361626c6564";
// The first encrypted packet of a call with ACFC and PFC: protocol FD, MPPE header 9000.
inline constexpr std::string_view kMppe =
    "926d26043f962611a8a95fad0800 450000797fff4000402f3653c0000202c0000201 3001880b005900800000000d"
    "fd 9000 "
    "6f1209f1e33a22f6afc54555d60b01de9d35e53b746ba98a7510dd7f33cc420f7a36e6831afc7ae41f5dab95e9c15dcd0ebd"
    "0fe046eb2118acd4fe3fdcf2b30c36a768b131c3f998e8eed5f1dec4dd11a500fe53c346";

inline constexpr std::array kFrames = {
    kLcpRequestFromServer, kLcpRequestFromClient, kLcpReject,  kBareAck, kChapChallenge,
    kChapResponse,         kChapSuccess,          kCcpRequest, kIpcpNak, kIpv6cpRequest,
    kProtocolReject,       kTerminateRequest,     kMppe,
};

}  // namespace adit::wire::test::captured
