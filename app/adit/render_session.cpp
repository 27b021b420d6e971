// SPDX-License-Identifier: Apache-2.0
// `adit show session`: one call in full, a line for each thing.
#include <fmt/core.h>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

std::string line(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("  {:<16}{}\n", name, value);
}

std::string shown(const Json& object, std::string_view name) {
  return escape_octets(text(object, name));
}

/// "a, b" of those that are there.
std::string joined(std::initializer_list<std::string> parts, std::string_view between = ", ") {
  std::string all;
  for (const std::string& part : parts) {
    if (!part.empty()) {
      (all += all.empty() ? "" : between) += part;
    }
  }
  return all;
}

std::string number_or(const Json& object, std::string_view name, const std::string& none) {
  return member(object, name).is_number() ? std::to_string(number(object, name)) : none;
}

std::string compressions(const Json& lcp, const std::string& way) {
  return joined({flag(lcp, way + "_acfc") ? "ACFC" : "", flag(lcp, way + "_pfc") ? "PFC" : ""}, "+");
}

std::string one_way(const Json& lcp, const std::string& way, const std::string& magic) {
  const std::string compressed = compressions(lcp, way);
  return joined({fmt::format("MRU {}", number(lcp, way + "_mru")), compressed,
                 shown(lcp, magic).empty() ? "no magic" : "magic " + shown(lcp, magic)});
}

std::string mode(const Json& mode) {
  return mode.is_object() ? fmt::format("MPPE-{} {}", number(mode, "bits"),
                                        flag(mode, "stateful") ? "stateful" : "stateless")
                          : "in clear";
}

/// "MPPC stateless, 1.2 MiB as 0.4 MiB (3.00:1)"
std::string compression(const Json& way) {
  if (!way.is_object()) {
    return "";
  }
  const std::uint64_t bytes = number(way, "bytes");
  const std::uint64_t line_bytes = number(way, "line_bytes");
  return fmt::format("MPPC {}, {} as {}", flag(way, "stateful") ? "stateful" : "stateless",
                     human_bytes(bytes), human_bytes(line_bytes)) +
         (line_bytes == 0
              ? ""
              : fmt::format(" ({:.2f}:1)", static_cast<double>(bytes) / static_cast<double>(line_bytes)));
}

std::string ipv6(const Json& ipv6cp) {
  return line("ipv6cp",
              joined({shown(ipv6cp, "state"), "address " + shown(ipv6cp, "link_local"),
                      shown(ipv6cp, "gateway").empty() ? "" : "ours " + shown(ipv6cp, "gateway")})) +
         line("  prefix", shown(ipv6cp, "prefix")) + line("  address", shown(ipv6cp, "address")) +
         line("  delegated", shown(ipv6cp, "delegated"));
}

std::string protocols(const Json& session) {
  const Json& lcp = member(session, "lcp");
  const Json& ccp = member(session, "ccp");
  const Json& compressed = member(session, "compression");
  const Json& ipcp = member(session, "ipcp");
  const Json& ipv6cp = member(session, "ipv6cp");
  if (!lcp.is_object()) {
    return "";
  }
  return line("lcp",
              shown(lcp, "state") + fmt::format(", auth {}, {} echoes answered", shown(session, "auth"),
                                                number(lcp, "echoes_answered"))) +
         line("  from the peer", one_way(lcp, "receive", "magic")) +
         line("  to the peer", one_way(lcp, "send", "peer_magic")) +
         line("ccp", joined({shown(ccp, "state"), flag(ccp, "mppe_required") ? "MPPE required" : ""})) +
         line("  from the peer",
              joined({mode(member(ccp, "receive")), compression(member(compressed, "receive"))})) +
         line("  to the peer", joined({mode(member(ccp, "send")), compression(member(compressed, "send"))})) +
         line("ipcp", joined({shown(ipcp, "state"), "address " + shown(ipcp, "address"),
                              shown(ipcp, "gateway").empty() ? "" : "ours " + shown(ipcp, "gateway")})) +
         line("  dns", joined({shown(ipcp, "dns1"), shown(ipcp, "dns2")})) +
         line("  wins", joined({shown(ipcp, "wins1"), shown(ipcp, "wins2")})) +
         (shown(ipv6cp, "link_local").empty() ? "" : ipv6(ipv6cp));
}

/// "of 3600 s, 3500 s left"
std::string timer(const Json& timers, const std::string& every, const std::string& left) {
  if (!member(timers, every).is_number()) {
    return "";
  }
  return fmt::format("{:.0f} s", real(timers, every)) +
         (member(timers, left).is_number() ? fmt::format(", {:.0f} s left", real(timers, left)) : "");
}

std::string terms(const Json& session) {
  const Json& timers = member(session, "timers");
  const Json& granted = member(session, "granted");
  std::string classes;
  for (const Json& each : list(granted, "classes")) {
    classes += (classes.empty() ? "" : ", ") + (each.is_string() ? escape_text(each.get<std::string>()) : "");
  }
  const std::string rate = shown(session, "rate_limit");
  const std::string granted_rate = shown(granted, "rate_limit");
  return line("granted by", flag(granted, "by_radius") ? "RADIUS" : "") + line("class", classes) +
         line("rate limit",
              rate + (rate == granted_rate
                          ? ""
                          : " (granted: " + (granted_rate.empty() ? "none" : granted_rate) + ')')) +
         line("routes", joined({shown(session, "routes"), shown(session, "routes6")}, ",")) +
         line("session timeout", timer(timers, "session_timeout_seconds", "session_left_seconds")) +
         line("idle timeout", timer(timers, "idle_timeout_seconds", "idle_left_seconds")) +
         line("interim", timer(timers, "interim_seconds", "interim_left_seconds"));
}

std::string traffic(const Json& session) {
  std::string text = line("from the peer", fmt::format("{} packets, {}", count(session, "rx_packets"),
                                                       human_bytes(number(session, "rx_bytes")))) +
                     line("to the peer", fmt::format("{} packets, {}", count(session, "tx_packets"),
                                                     human_bytes(number(session, "tx_bytes")))) +
                     line("dropped", count(session, "drops"));
  const Json& drops = member(session, "drops_by_reason");
  for (auto drop = drops.begin(); drops.is_object() && drop != drops.end(); ++drop) {
    text += line("", fmt::format("{} {}", count(drops, drop.key()), escape_octets(drop.key())));
  }
  return text;
}

std::string gre(const Json& session) {
  const Json& gre = member(session, "gre");
  if (!gre.is_object()) {
    return line("gre", "its worker did not answer in time");
  }
  return line("gre sent",
              fmt::format("next {}, acknowledged {}, in flight {}", number(gre, "next_sequence"),
                          number_or(gre, "peer_acknowledged", "none"), number(gre, "in_flight"))) +
         line("gre received",
              fmt::format("last {}, acknowledged {}, owed {}", number_or(gre, "received", "none"),
                          number_or(gre, "acknowledged", "none"), number(gre, "unacknowledged"))) +
         line("peer's window", fmt::format("{} packets", number(gre, "peer_window"))) +
         line("reorder", fmt::format("{} held, at most {} late", number(gre, "reorder_held"),
                                     number(gre, "reorder_depth"))) +
         line("inner MTU", std::to_string(number(gre, "inner_mtu")));
}

/// "3 notifies: 10 CRC, 2 framing"
std::string wan_errors(const Json& behind) {
  if (number(behind, "wan_error_notifies") == 0) {
    return "";
  }
  const auto some = [&](const std::string& name, const std::string& shown_as) {
    return number(behind, name) == 0 ? "" : fmt::format("{} {}", number(behind, name), shown_as);
  };
  const std::string errors =
      joined({some("crc_errors", "CRC"), some("framing_errors", "framing"),
              some("hardware_overruns", "hardware overrun"), some("buffer_overruns", "buffer overrun"),
              some("time_out_errors", "time-out"), some("alignment_errors", "alignment")});
  return fmt::format("{} notifies: {}", number(behind, "wan_error_notifies"),
                     errors.empty() ? "none" : errors);
}

/// What the peer has told of the line behind it.
std::string line_behind(const Json& session) {
  const Json& behind = member(session, "line");
  const std::string calling = shown(behind, "calling_number"), called = shown(behind, "called_number");
  return line("brought in", !flag(behind, "brought_in")
                                ? ""
                                : (calling.empty() ? "from no number" : "from " + calling) +
                                      (called.empty() ? "" : " to " + called)) +
         line("link info", shown(behind, "send_accm").empty()
                               ? ""
                               : fmt::format("ACCM {} to it, {} from it", shown(behind, "send_accm"),
                                             shown(behind, "receive_accm"))) +
         line("line errors", wan_errors(behind));
}

std::string render_one(const Json& session) {
  const std::string user = shown_name(session, "username");
  return fmt::format("{} {}\n", shown(session, "sid"), user.empty() ? "(no login yet)" : user) +
         line("state", fmt::format("{}, {} for {}", shown(session, "state"), shown(session, "phase"),
                                   human_uptime(number(session, "uptime_seconds")))) +
         line("peer",
              fmt::format("{}, call ID {}", shown(session, "calling_sid"), number(session, "peer_call_id"))) +
         line("our end", fmt::format("{}, call ID {}, worker {}", shown(session, "called_sid"),
                                     number(session, "call_id"), number(session, "worker"))) +
         line_behind(session) + line("address", shown(session, "ip")) + protocols(session) + terms(session) +
         traffic(session) + gre(session);
}

}  // namespace

std::string render_session(const Json& result) {
  std::string text;
  for (const Json& session : list(result, "sessions")) {
    text += (text.empty() ? "" : "\n") + render_one(session);
  }
  const std::size_t told = list(result, "sessions").size();
  if (number(result, "calls") > told) {
    text += fmt::format("\n{} of {} calls; name one by its sid\n", told, number(result, "calls"));
  }
  return text;
}

bool has_sessions(const Json& result) {
  return !list(result, "sessions").empty();
}

}  // namespace adit::app
