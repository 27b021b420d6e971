// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using control::AuthMethod;
using control::MppePolicy;
using control::SecretsDialect;
using namespace std::chrono_literals;

}  // namespace

Section auth_section() {
  return {
      .name = "auth",
      .help = "Who may connect, and how clients authenticate.",
      .keys = {
          ADIT_KEY(
              kNewCalls, "methods", "", control.auth.methods,
              (ListKind<ChoiceKind<AuthMethod>>{{{{"mschap-v2", AuthMethod::kMsChapV2},
                                                  {"mschap-v1", AuthMethod::kMsChapV1},
                                                  {"chap-md5", AuthMethod::kChapMd5},
                                                  {"pap", AuthMethod::kPap},
                                                  {"eap", AuthMethod::kEap}}},
                                                "write [\"mschap-v2\"]"}),
              "In the order in which they are offered: \"mschap-v2\", \"mschap-v1\", \"chap-md5\", \"pap\", "
              "\"eap\".\n"
              "Only the MS-CHAP methods and EAP make keys for MPPE; mschap-v1 and pap are broken by design."),
          ADIT_KEY(kNextStart, "backend", "", auth_order,
                   (ChoiceKind<AuthOrder>{{{"local", AuthOrder::kLocal},
                                           {"radius", AuthOrder::kRadius},
                                           {"radius-then-local", AuthOrder::kRadiusThenLocal}}}),
                   "Who knows the users: \"local\" (chap-secrets), \"radius\", or \"radius-then-local\": "
                   "chap-secrets "
                   "while no RADIUS\n"
                   "server answers."),
          ADIT_KEY(kNewCalls, "timeout", "", control.auth.timeout, (DurationKind{1s, 10min}),
                   "From our challenge (PAP: from LCP opened) to a verdict."),
          ADIT_KEY(kNewCalls, "max-failure", "", control.auth.max_failure,
                   (NumberKind<std::uint32_t>{1, 100}),
                   "Login attempts per call. Above 1, a client whose password was wrong may try again."),
          ADIT_KEY(
              kNewCalls, "rechallenge", "", control.auth.rechallenge, (DurationKind{0s, 24h}),
              "Challenge clients again this long after they proved their password (CHAP and MS-CHAP), each "
              "time;\n"
              "who fails, or does not answer within timeout, is ended. RADIUS servers are asked each time. "
              "0: "
              "never."),
          ADIT_KEY(kNewCalls, "challenge-name", "", control.auth.challenge_name, kPptpName,
                   "Our name in CHAP challenges: the `server` column of chap-secrets."),
          ADIT_KEY(kNow, "chap-secrets-dialect", "", chap_secrets_dialect,
                   (ChoiceKind<SecretsDialect>{{{"pppd", SecretsDialect::kPppd},
                                                {"poptop", SecretsDialect::kPoptop},
                                                {"accel-ppp", SecretsDialect::kAccelPpp}}}),
                   "How chap-secrets is read. \"pppd\": quotes and backslashes; a password @/path is in that "
                   "file.\n"
                   "\"poptop\": as pppd, and the servers pptpd and pptp-server are ours. \"accel-ppp\": "
                   "words as they\n"
                   "stand, for any server. `aditd --check` names the lines that pppd and accel-ppp read "
                   "differently."),
      }};
}

Section chap_secrets_section() {
  return {.name = "chap-secrets",
          .keys = {
              ADIT_KEY(kNow, "chap-secrets", "", chap_secrets, (PathKind{kMaxPath, false}),
                       "Local users, one per line: user server password address. Keep it root:adit, mode "
                       "0640. A line that\n"
                       "is wrong is named, and costs its user alone."),

              ADIT_KEY(kNow, "encrypted", "", chap_secrets_encrypted, BoolKind{},
                       "Passwords in it are NT hashes, 32 hexadecimal digits (`smbencrypt`); chap-md5 cannot "
                       "use them."),
          }};
}

namespace {

/// RFC 1994's response is a digest of the password itself.
void check_encrypted(const Config& config, const Places& places, Problems& problems) {
  const auto& methods = config.control.auth.methods;
  if (!config.chap_secrets_encrypted || config.auth_order == AuthOrder::kRadius ||
      std::ranges::find(methods, AuthMethod::kChapMd5) == methods.end()) {
    return;
  }
  const toml::source_position at = position(places, "auth.methods");
  constexpr std::string_view kWrong = "needs passwords, and chap-secrets.encrypted has their hashes alone";
  if (methods.size() == 1 && config.auth_order == AuthOrder::kLocal) {
    problems.error(at, "auth.methods", "\"chap-md5\"", kWrong, "use \"mschap-v2\"");
  } else {
    problems.warning(at, "auth.methods", "\"chap-md5\"", kWrong, "take it off the list");
  }
}

/// While one proof may still be under way, the next is not asked for.
void check_rechallenge(const Config& config, const Places& places, Problems& problems) {
  const control::AuthSettings& auth = config.control.auth;
  if (auth.rechallenge != control::Duration{0} && auth.rechallenge <= auth.timeout &&
      places.usable("auth.rechallenge") && places.usable("auth.timeout")) {
    problems.error(position(places, "auth.rechallenge"), "auth.rechallenge",
                   DurationKind{0s, 24h}.show(auth.rechallenge), "is not longer than auth.timeout",
                   "raise it, or write 0");
  }
}

}  // namespace

void check_auth(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("auth.methods") || !places.usable("auth")) {
    return;
  }
  const auto& methods = config.control.auth.methods;
  const auto has = [&](AuthMethod method) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  const toml::source_position at = position(places, "auth.methods");
  if (methods.empty()) {
    problems.error(at, "auth.methods", "[]", "is empty", "list at least one: [\"mschap-v2\"]");
    return;
  }
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const auto end = methods.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(methods.begin(), end, methods[i]) != end) {
      problems.error(element_position(places, "auth.methods", i), "auth.methods", "",
                     "a method is there twice", "list each once");
    }
  }
  if (has(AuthMethod::kPap)) {
    problems.warning(at, "auth.methods", "\"pap\"", "sends passwords in clear text",
                     "use \"mschap-v2\" if clients can");
  }
  if (has(AuthMethod::kMsChapV1)) {
    problems.warning(at, "auth.methods", "\"mschap-v1\"", "is broken: its keys can be found from a capture",
                     "use \"mschap-v2\" if clients can");
  }
  check_encrypted(config, places, problems);
  check_rechallenge(config, places, problems);
  const bool keys = has(AuthMethod::kMsChapV2) || has(AuthMethod::kMsChapV1) || has(AuthMethod::kEap);
  const bool no_keys = has(AuthMethod::kChapMd5) || has(AuthMethod::kPap);
  if (config.control.ppp.mppe == MppePolicy::kRequire && no_keys && places.usable("ppp.mppe")) {
    constexpr std::string_view kWrong = "needs keys, and \"chap-md5\" and \"pap\" of auth.methods make none";
    if (keys) {
      problems.warning(position(places, "ppp.mppe"), "ppp.mppe", "\"require\"", kWrong,
                       "take them off the list");
    } else {
      problems.error(position(places, "ppp.mppe"), "ppp.mppe", "\"require\"", kWrong,
                     "add \"mschap-v2\" to auth.methods, or set mppe = \"deny\"");
    }
  }
}

}  // namespace adit::app
