// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"
#include "app/kernel_cost.hpp"
#include "app/table.hpp"

namespace adit::app {

std::string render_stat(const Json& result) {
  const Json& sessions = member(result, "sessions");
  const Json& pptp = member(result, "pptp");
  const Json& auth = member(result, "auth");
  const auto uptime = static_cast<double>(number(result, "uptime_seconds"));
  std::string out = fmt::format("version: {}\n", escape_octets(text(result, "version")));
  out += fmt::format("uptime: {}\n", human_uptime(number(result, "uptime_seconds")));
  out += fmt::format("cpu: {} since start\n", share(real(result, "cpu_seconds"), uptime));
  out += fmt::format("mem(rss/virt): {}/{} kB\n", number(result, "rss_kb"), number(result, "virt_kb"));
  out += fmt::format("mppe engine: {}\n", escape_octets(text(result, "mppe_engine")));
  for (const Json& kernel : member(result, "mppe_kernels")) {
    const KernelCost cost{.work = escape_octets(text(kernel, "work")),
                          .kernel = escape_octets(text(kernel, "kernel")),
                          .lanes = number(kernel, "lanes"),
                          .cycles = number(kernel, "cycles"),
                          .cycles_256_octets = number(kernel, "cycles_256_octets"),
                          .takes = escape_octets(text(kernel, "takes"))};
    out += "  " + to_text(cost) + '\n';
  }
  for (const Json& pool : member(result, "packet_buffers")) {
    out += fmt::format("packet buffers: {} of {} free ({})\n", number(pool, "free"), number(pool, "total"),
                       escape_octets(text(pool, "pool")));
  }
  out += "memory by table:\n";
  for (const Json& table : member(result, "memory")) {
    out += fmt::format("  {}: {}", escape_octets(text(table, "table")), human_bytes(number(table, "bytes")));
    if (const std::uint64_t entries = number(table, "entries"); entries != 0) {
      out += fmt::format(" for {}", entries);
    }
    out += '\n';
  }
  if (flag(result, "draining")) {
    out += "takes no new calls (adit shutdown)\n";
  }
  out += fmt::format("sessions:\n  starting: {}\n  active: {}\n  finishing: {}\n",
                     number(sessions, "starting"), number(sessions, "active"), number(sessions, "finishing"));
  out += fmt::format("pptp:\n  connections: {}\n  connections total: {}\n  calls total: {}\n",
                     number(pptp, "connections"), number(pptp, "connections_total"),
                     number(pptp, "calls_total"));
  out += fmt::format("auth:\n  accepted: {}\n  rejected: {}\n", number(auth, "accepted"),
                     number(auth, "rejected"));
  out += "ended or refused:\n";
  const Json& ended = member(result, "ended");
  if (!ended.is_object() || ended.empty()) {
    return out + "  none\n";
  }
  for (const auto& [reason, unused] : ended.items()) {
    out += fmt::format("  {}: {}\n", escape_octets(reason), number(ended, reason));
  }
  return out;
}

std::string render_shutdown(const Json& result) {
  const std::string how = text(result, "shutdown");
  const std::uint64_t calls = number(result, "calls");
  const std::string left = calls == 1 ? "1 call" : fmt::format("{} calls", calls);
  if (how == "soft") {
    return "no new calls are taken; aditd ends with the last of " + left + " (adit shutdown cancel)\n";
  }
  if (how == "cancel") {
    return "new calls are taken again; there are " + left + '\n';
  }
  return (how == "hard" ? "aditd ends now, with " : "every client is told to go; there were ") + left + '\n';
}

std::string render_version(const Json& result) {
  return escape_octets(text(result, "name")) + ' ' + escape_octets(text(result, "version")) + '\n';
}

}  // namespace adit::app
