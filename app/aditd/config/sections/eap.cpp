// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using control::AuthMethod;
using control::EapLocalMethod;
using control::EapMode;
using crypto::TlsVersion;
using namespace std::chrono_literals;

}  // namespace

Section eap_section() {
  return {
      .name = "eap",
      .help = "EAP, for clients that authenticate by it: \"eap\" in [auth] methods.",
      .keys = {
          ADIT_KEY(
              kNewCalls, "mode", "", control.eap.mode,
              (ChoiceKind<EapMode>{{{"local", EapMode::kLocal}, {"radius", EapMode::kRadius}}}),
              "Who has the methods: \"local\" (those of `methods`, judged by [auth] backend), or "
              "\"radius\":\n"
              "what client and RADIUS server say is carried between them, whatever the method. With a\n"
              "method inside a tunnel (PEAP, EAP-TTLS) the server has to send User-Name in its Accept, or\n"
              "the session is that of the outer identity, which may be \"anonymous\"."),
          ADIT_KEY(
              kNewCalls, "methods", "", control.eap.methods,
              (ListKind<ChoiceKind<EapLocalMethod>>{
                  {{{"mschapv2", EapLocalMethod::kMsChapV2}, {"tls", EapLocalMethod::kTls}}},
                  "write [\"mschapv2\"]"}),
              "Ours, in the order in which they are offered. With \"radius\" they serve while no server\n"
              "answers, if [auth] backend is \"radius-then-local\"."),
          ADIT_KEY(kNow, "certificate", "", eap_files.certificate, (PathKind{kMaxPath, true}),
                   "\"tls\": our certificate, then the chain that issued it. These files are PEM; a reload\n"
                   "reads them again, for logins that begin then."),
          ADIT_KEY(kNow, "private-key", "", eap_files.private_key, (PathKind{kMaxPath, true}),
                   "Its key, without a passphrase. Keep it root:adit, mode 0640."),
          ADIT_KEY(
              kNow, "ca", "", eap_files.ca, (PathKind{kMaxPath, true}),
              "The CA of the users' certificates, and of nothing else: whom it certifies may log in, as\n"
              "the name in the certificate that the client calls itself by: user principal name, e-mail\n"
              "address, common name or DNS name. A line of chap-secrets for that very name says what the\n"
              "user may have; its password serves other methods, so write one that nobody knows."),
          ADIT_KEY(kNow, "crl", "", eap_files.crl, (PathKind{kMaxPath, true}),
                   "The revocation lists of all CAs in that file. One that has run out lets nobody in.\n"
                   "\"\": nothing is revoked."),
          ADIT_KEY(kNow, "tls-max-version", "", eap_files.newest,
                   (ChoiceKind<TlsVersion>{{{"1.2", TlsVersion::kTls12}, {"1.3", TlsVersion::kTls13}}}),
                   "\"1.3\" (RFC 9190) hides users' certificates from the wire. pppd up to 2.5.2 speaks a\n"
                   "draft of it, and needs \"1.2\"."),
          ADIT_KEY(kNewCalls, "timeout", "", control.eap.timeout, (DurationKind{60s, 10min}),
                   "From the first request to the end. [ppp] setup-timeout and [pptp] login-timeout "
                   "bound it too."),
      }};
}

void check_eap(const Config& config, const Places& places, Problems& problems) {
  const auto& methods = config.control.auth.methods;
  if (!places.usable("auth.methods") || !places.usable("eap") ||
      std::ranges::find(methods, AuthMethod::kEap) == methods.end()) {
    return;
  }
  const control::EapSettings& eap = config.control.eap;
  if (eap.mode == EapMode::kRadius && config.auth_order == AuthOrder::kLocal && places.usable("eap.mode")) {
    problems.error(position(places, "eap.mode"), "eap.mode", "\"radius\"",
                   "needs a RADIUS server, and auth.backend is \"local\"",
                   "set auth.backend = \"radius\", or mode = \"local\"");
  }
  if (!places.usable("eap.methods")) {
    return;
  }
  const toml::source_position at = position(places, "eap.methods");
  if (eap.mode == EapMode::kLocal && eap.methods.empty()) {
    problems.error(at, "eap.methods", "[]", "is empty", "list at least one: [\"mschapv2\"]");
  }
  // With "radius-then-local", too: the servers cannot be asked, so that chap-secrets would judge while they answer.
  if (eap.mode == EapMode::kLocal && config.auth_order != AuthOrder::kLocal && places.usable("eap.mode") &&
      std::ranges::find(eap.methods, EapLocalMethod::kTls) != eap.methods.end()) {
    problems.error(at, "eap.methods", "\"tls\"",
                   config.auth_order == AuthOrder::kRadius
                       ? "cannot be put to a RADIUS server, and auth.backend is \"radius\""
                       : "cannot be put to a RADIUS server, and auth.backend is \"radius-then-local\"",
                   "set mode = \"radius\", for the server to do it, or auth.backend = \"local\"");
  }
  for (std::size_t i = 0; i < eap.methods.size(); ++i) {
    const auto end = eap.methods.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(eap.methods.begin(), end, eap.methods[i]) != end) {
      problems.error(element_position(places, "eap.methods", i), "eap.methods", "", "a method is there twice",
                     "list each once");
    }
  }
  const control::Duration most =
      std::min(config.control.ppp.setup_timeout, config.control.pptp.login_timeout);
  if (eap.timeout > most && places.usable("eap.timeout")) {
    problems.warning(position(places, "eap.timeout"), "eap.timeout", "",
                     "is longer than ppp.setup-timeout or pptp.login-timeout, which end the call before",
                     "raise both to more than it");
  }
}

}  // namespace adit::app
