// SPDX-License-Identifier: Apache-2.0
// RADIUS numbers: the packet codes, attributes and values that a PPTP concentrator uses. RFC 2865 §3 and §5,
// 2866, 2868, 2869, 2548, 3162, 3579, 4818, 5176, 6911. Pure; any thread.
#pragma once

#include <cstdint>

namespace adit::control::radius {

enum class Code : std::uint8_t {
  kAccessRequest = 1,
  kAccessAccept = 2,
  kAccessReject = 3,
  kAccountingRequest = 4,
  kAccountingResponse = 5,
  kAccessChallenge = 11,
  kStatusServer = 12,
  kDisconnectRequest = 40,
  kDisconnectAck = 41,
  kDisconnectNak = 42,
  kCoaRequest = 43,
  kCoaAck = 44,
  kCoaNak = 45,
};

enum class Type : std::uint8_t {
  kUserName = 1,
  kUserPassword = 2,
  kChapPassword = 3,
  kNasIpAddress = 4,
  kNasPort = 5,
  kServiceType = 6,
  kFramedProtocol = 7,
  kFramedIpAddress = 8,
  kFramedIpNetmask = 9,
  kFilterId = 11,
  kFramedMtu = 12,
  kReplyMessage = 18,
  kFramedRoute = 22,
  kState = 24,
  kClass = 25,
  kVendorSpecific = 26,
  kSessionTimeout = 27,
  kIdleTimeout = 28,
  kTerminationAction = 29,
  kCalledStationId = 30,
  kCallingStationId = 31,
  kNasIdentifier = 32,
  kProxyState = 33,
  kAcctStatusType = 40,
  kAcctDelayTime = 41,
  kAcctInputOctets = 42,
  kAcctOutputOctets = 43,
  kAcctSessionId = 44,
  kAcctAuthentic = 45,
  kAcctSessionTime = 46,
  kAcctInputPackets = 47,
  kAcctOutputPackets = 48,
  kAcctTerminateCause = 49,
  kAcctMultiSessionId = 50,
  kAcctInputGigawords = 52,
  kAcctOutputGigawords = 53,
  kEventTimestamp = 55,
  kChapChallenge = 60,
  kNasPortType = 61,
  kPortLimit = 62,
  kTunnelType = 64,
  kTunnelMediumType = 65,
  kTunnelClientEndpoint = 66,
  kTunnelServerEndpoint = 67,
  kConnectInfo = 77,
  kEapMessage = 79,  ///< RFC 3579 §3.1
  kMessageAuthenticator = 80,
  kAcctInterimInterval = 85,
  kNasPortId = 87,
  kFramedPool = 88,
  kNasIpv6Address = 95,
  kFramedInterfaceId = 96,
  kFramedIpv6Prefix = 97,
  kFramedIpv6Route = 99,
  kFramedIpv6Pool = 100,
  kErrorCause = 101,
  kDelegatedIpv6Prefix = 123,
  kFramedIpv6Address = 168,
  kDnsServerIpv6Address = 169,
  kDelegatedIpv6PrefixPool = 171,
  kStatefulIpv6AddressPool = 172,
};

using VendorId = std::uint32_t;
inline constexpr VendorId kNoVendor = 0;
inline constexpr VendorId kCisco = 9;
inline constexpr VendorId kMicrosoft = 311;
inline constexpr VendorId kMikrotik = 14988;
inline constexpr VendorId kWispr = 14122;

/// RFC 2548.
namespace microsoft {
inline constexpr std::uint8_t kChapResponse = 1;
inline constexpr std::uint8_t kChapError = 2;
inline constexpr std::uint8_t kChapNtEncPw = 6;
inline constexpr std::uint8_t kEncryptionPolicy = 7;
inline constexpr std::uint8_t kEncryptionTypes = 8;
inline constexpr std::uint8_t kChapChallenge = 11;
inline constexpr std::uint8_t kChapMppeKeys = 12;
inline constexpr std::uint8_t kMppeSendKey = 16;
inline constexpr std::uint8_t kMppeRecvKey = 17;
inline constexpr std::uint8_t kChap2Response = 25;
inline constexpr std::uint8_t kChap2Success = 26;
inline constexpr std::uint8_t kChap2Cpw = 27;
inline constexpr std::uint8_t kPrimaryDns = 28;
inline constexpr std::uint8_t kSecondaryDns = 29;
inline constexpr std::uint8_t kPrimaryNbns = 30;
inline constexpr std::uint8_t kSecondaryNbns = 31;
}  // namespace microsoft

/// RFC 5176 §3.6: the reason in a Disconnect- or CoA-NAK.
enum class ErrorCause : std::uint32_t {
  kResidualSessionContextRemoved = 201,  // in an ACK
  kUnsupportedAttribute = 401,
  kMissingAttribute = 402,
  kNasIdentificationMismatch = 403,
  kInvalidRequest = 404,
  kUnsupportedService = 405,
  kUnsupportedExtension = 406,
  kInvalidAttributeValue = 407,
  kAdministrativelyProhibited = 501,
  kSessionContextNotFound = 503,
  kSessionContextNotRemovable = 504,
  kResourcesUnavailable = 506,
  kMultipleSessionSelectionUnsupported = 508,
};

inline constexpr std::uint32_t kServiceFramed = 2;
inline constexpr std::uint32_t kServiceAuthorizeOnly = 17;
inline constexpr std::uint32_t kProtocolPpp = 1;
inline constexpr std::uint32_t kPortVirtual = 5;
inline constexpr std::uint32_t kTunnelPptp = 1;
inline constexpr std::uint32_t kMediumIpv4 = 1;

}  // namespace adit::control::radius
