// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/routes.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <string_view>

#include "app/adit-exporter/exposition.hpp"
#include "app/adit-exporter/page.hpp"
#include "app/adit/fields.hpp"
#include "app/escape.hpp"

namespace adit::app::exporter {
namespace {

constexpr const char* kJson = "application/json";
constexpr std::size_t kMaxSearch = 128;
constexpr std::size_t kMaxRegex = 256;  // what aditd takes
constexpr int kRows = 50;

void send(httplib::Response& response, int status, std::string text, std::string_view type) {
  response.status = status;
  response.set_content(std::move(text), std::string(type).c_str());
}

void send(httplib::Response& response, int status, const Json& json) {
  send(response, status, json_text(json) + '\n', kJson);
}

std::uint64_t resident_octets() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Json gauge(const char* name, const char* unit, const char* help, Json value) {
  return {{"name", name},
          {"type", "gauge"},
          {"unit", unit},
          {"help", help},
          {"samples", Json::array({{{"value", std::move(value)}}})}};
}

/// What the exporter knows itself.
Json own_families(const Snapshot& now) {
  return Json::array(
      {gauge("adit_up", "", "Whether aditd answered (1) or not (0).", now.up ? 1 : 0),
       gauge("adit_exporter_reply_seconds", "seconds", "How long aditd took to answer.", now.reply_seconds),
       gauge("adit_exporter_resident_memory_bytes", "bytes", "Memory of adit-exporter.", resident_octets())});
}

void metrics(Source& source, const httplib::Request& request, httplib::Response& response) {
  const auto now = source.metrics();
  const Format format = format_of(request.get_header_value("Accept"));
  std::string text = expose(own_families(*now), format);
  text += expose(now->families, format);
  text += end_of(format);
  send(response, 200, std::move(text), content_type(format));
}

void health(Source& source, const httplib::Request&, httplib::Response& response) {
  const auto now = source.metrics();
  send(response, now->up ? 200 : 503, {{"aditd", now->up ? "up" : "down"}, {"why", now->why}});
}

std::set<std::string> words_of(const std::string& list) {
  std::set<std::string> words;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    words.insert(list.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

void page_metrics(Source& source, bool sessions, const httplib::Request& request,
                  httplib::Response& response) {
  const auto now = source.metrics();
  const std::set<std::string> wanted = words_of(request.get_param_value("names"));
  Json families = Json::array();
  for (const Json& family : now->families) {
    if (wanted.empty() || (family.is_object() && wanted.contains(family.value("name", "")))) {
      families.push_back(family);
    }
  }
  send(response, 200,
       {{"time", now->unix_seconds},
        {"up", now->up},
        {"why", now->why},
        {"sessions", sessions},
        {"families", std::move(families)}});
}

void page_sessions(Source& source, bool allowed, const httplib::Request& request,
                   httplib::Response& response) {
  if (!allowed) {
    return send(response, 403, {{"error", "adit-exporter was started without --sessions"}});
  }
  const Json params = search_params(request.get_param_value("column"), request.get_param_value("text"),
                                    request.get_param_value("after"));
  if (params.is_null()) {
    return send(response, 400,
                {{"error",
                  "column is username, sid, ip or calling_sid, and text 128 octets at most, fewer if many "
                  "are no letters"}});
  }
  auto reply = source.sessions(params);
  if (!reply) {
    return send(response, 502, {{"error", std::move(reply.error())}});
  }
  send(response, 200, *reply);
}

/// Before anything is looked up or a body read.
httplib::Server::HandlerResponse admit(const Options& options, const httplib::Request& request,
                                       httplib::Response& response) {
  using Handled = httplib::Server::HandlerResponse;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  if (request.method != "GET" && request.method != "HEAD") {
    response.set_header("Allow", "GET, HEAD");
    send(response, 405, "only GET and HEAD\n", "text/plain");
    return Handled::Handled;
  }
  if (options.loopback && !is_own_host(request.get_header_value("Host"))) {
    send(response, 421, "ask for it by its address, or as localhost\n", "text/plain");
    return Handled::Handled;
  }
  return Handled::Unhandled;
}

}  // namespace

bool is_own_host(const std::string& host) {
  if (host.starts_with('[')) {
    return host.find(']') != std::string::npos;
  }
  const std::string name = host.substr(0, host.find(':'));
  in_addr address{};
  return name.empty() || name == "localhost" || ::inet_pton(AF_INET, name.c_str(), &address) == 1;
}

Json search_params(const std::string& column, const std::string& text, const std::string& after) {
  constexpr std::array<std::string_view, 4> kColumns{"username", "sid", "ip", "calling_sid"};
  if (std::ranges::find(kColumns, column) == kColumns.end() || text.size() > kMaxSearch ||
      after.size() > kMaxSearch) {
    return nullptr;
  }
  Json params{
      {"columns",
       {"sid", "username", "ip", "calling_sid", "state", "uptime_seconds", "rx_bytes", "tx_bytes", "drops"}},
      {"limit", kRows}};
  if (!text.empty()) {
    std::string regex = "(?i)";
    for (const char c : text) {  // as it stands, whatever it means to a regular expression
      const bool plain =
          static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c)) != 0;
      regex += plain ? std::string(1, c) : std::string{'\\', c};
    }
    regex = as_utf8(regex);
    if (regex.size() > kMaxRegex) {
      return nullptr;
    }
    params["match"] = {{"column", column}, {"regex", std::move(regex)}};
  }
  if (!after.empty()) {
    params["after"] =
        Json::parse(after, nullptr, /*allow_exceptions=*/false);  // as aditd gave it; it judges what it gets
    if (params["after"].is_discarded()) {
      return nullptr;
    }
  }
  return params;
}

void add_routes(HttpServer& server, Source& source, const Options& options) {
  server.set_pre_routing_handler(
      [&options](const auto& request, auto& response) { return admit(options, request, response); });
  server.Get("/metrics",
             [&source](const auto& request, auto& response) { metrics(source, request, response); });
  server.Get("/health",
             [&source](const auto& request, auto& response) { health(source, request, response); });
  server.Get("/api/metrics", [&](const auto& request, auto& response) {
    page_metrics(source, options.sessions, request, response);
  });
  server.Get("/api/sessions", [&](const auto& request, auto& response) {
    page_sessions(source, options.sessions, request, response);
  });
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_header("Content-Security-Policy", std::string(kPagePolicy));
    response.set_header("Referrer-Policy", "no-referrer");
    send(response, 200, std::string(kPage), "text/html; charset=utf-8");
  });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) {
      const int status = response.status;
      send(response, status,
           status == 404 ? "there are /metrics, /health and /\n" : fmt::format("{}\n", status), "text/plain");
    }
  });
}

}  // namespace adit::app::exporter
