// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/lines/fleet.hpp"

#include <algorithm>
#include <variant>

namespace adit::app::blast {

using control::ClientEnd;
using control::ConnectionId;

namespace {

constexpr std::uint32_t kMaxOutputOctets = 16'384;
/// How long a call's ID stays unused after the call: longer than any of its packets can be in flight here.
constexpr control::Duration kQuarantine{2'000};
// Per iteration: a flood of frames must not starve TCP and timers.
constexpr int kMessagesAtOnce = 1024;
constexpr std::size_t kMaxDetails = 32;
constexpr std::size_t kMaxDetail = 120;

}  // namespace

std::map<std::string, std::uint64_t> by_text(const EndCounts& counts) {
  std::map<std::string, std::uint64_t> texts;
  for (std::size_t end = 0; end < counts.size(); ++end) {
    if (counts[end] > 0) {
      texts[std::string(to_text(static_cast<ClientEnd>(end)))] = counts[end];
    }
  }
  return texts;
}

Fleet::Fleet(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
             const control::ClientSettings& settings, BlastRuntime& runtime, asio::io_context& io,
             control::TimerWheel& wheel)
    : plan_(plan),
      addresses_(addresses),
      settings_(settings),
      runtime_(runtime),
      wheel_(wheel),
      tcp_(io, *this, kMaxOutputOctets),
      dialer_(io, tcp_, *this),
      ids_(1, kQuarantine, wheel, entropy_),
      slots_(contract::WorkerId{0}, lines) {
  lines_.reserve(lines);
  for (std::uint32_t number = 0; number < lines; ++number) {
    lines_.push_back(std::make_unique<Line>(*this, number, addresses.of(number)));
  }
  in_[index(Line::State::kIdle)] = lines;
}

Fleet::~Fleet() {
  while (!waiting_messages_.empty()) {
    pop_waiting_message();
  }
}

/// Wiped, because it may contain keys.
void Fleet::pop_waiting_message() {
  crypto::wipe(&waiting_messages_.front(), sizeof waiting_messages_.front());
  waiting_messages_.pop_front();
}

std::int64_t Fleet::now_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Fleet::reset_counts() {
  counts_ = {};
  set_up_times_.reset();
}

void Fleet::on_up(Line& line, std::int64_t took_us) {
  if (came_up) {
    came_up(line);
  }
  ++counts_.came_up;
  set_up_times_.record(static_cast<std::uint64_t>(took_us) * 1000);
}

std::uint64_t Fleet::echoes_answered() const {
  std::uint64_t sum = echoes_of_ended_;
  for (const auto& line : lines_) {
    sum += line->echoes_answered();
  }
  return sum;
}

std::uint64_t Fleet::advertisements() const {
  std::uint64_t sum = advertisements_of_ended_;
  for (const auto& line : lines_) {
    sum += line->advertisements();
  }
  return sum;
}

Ipv6Result Fleet::ipv6() const {
  Ipv6Result result;
  std::uint64_t sum = 0;
  for (const auto& line : lines_) {
    if (line->state() != Line::State::kUp) {
      continue;
    }
    const control::Ipv6Binding binding = line->ipv6();
    const std::uint64_t heard = line->advertisements();
    result.least_advertisements = result.calls == 0 ? heard : std::min(result.least_advertisements, heard);
    result.most_advertisements = std::max(result.most_advertisements, heard);
    sum += heard;
    ++result.calls;
    result.with_link += binding.link ? 1 : 0;
    result.with_delegated += binding.delegated ? 1 : 0;
  }
  result.mean_advertisements =
      result.calls > 0 ? static_cast<double>(sum) / static_cast<double>(result.calls) : 0;
  return result;
}

void Fleet::abandon_dials() {
  for (const auto& line : lines_) {
    if (line->state() == Line::State::kConnecting || line->state() == Line::State::kDialling) {
      line->abandon();
    }
  }
}

void Fleet::on_over(Line& line, ClientEnd end, std::string_view detail, bool was_up) {
  echoes_of_ended_ += line.echoes_answered();
  advertisements_of_ended_ += line.advertisements();
  if (end == ClientEnd::kHungUp) {
    ++(was_up ? counts_.hung_up : counts_.given_up);
    return;
  }
  ++(was_up ? counts_.lost : counts_.failed)[static_cast<std::size_t>(end)];
  if (!detail.empty()) {
    std::string text = std::string(to_text(end)) + ": " + std::string(detail.substr(0, kMaxDetail));
    if (counts_.details.size() < kMaxDetails || counts_.details.contains(text)) {
      ++counts_.details[std::move(text)];
    }
  }
}

// ---- TCP -----------------------------------------------------------------------------------------------------------

void Fleet::on_connected(std::uint32_t line, ConnectionId id) {
  by_connection_[id] = lines_[line].get();
  lines_[line]->on_connected(id);
}

void Fleet::on_connect_failed(std::uint32_t line, bool local, const std::string& why) {
  lines_[line]->on_connect_failed(local, why);
}

void Fleet::on_bytes(ConnectionId id, std::span<const std::uint8_t> octets) {
  if (const auto found = by_connection_.find(id); found != by_connection_.end()) {
    found->second->on_bytes(octets);
  }
}

void Fleet::on_closed(ConnectionId id, control::EndReason) {
  if (const auto found = by_connection_.find(id); found != by_connection_.end()) {
    Line* line = found->second;
    by_connection_.erase(found);
    line->on_closed();
  }
}

void Fleet::close(ConnectionId id) {
  by_connection_.erase(id);
  tcp_.close(id);
}

void Fleet::drop(ConnectionId id) {
  by_connection_.erase(id);
  tcp_.drop(id);
}

// ---- calls ---------------------------------------------------------------------------------------------------------

std::unique_ptr<control::ClientCall> Fleet::make_client(wire::LocalCallId id, Line& line) {
  return std::make_unique<control::ClientCall>(settings_, id, wheel_, entropy_, line);
}

std::string Fleet::user_of(std::uint32_t number) const {
  constexpr std::string_view kNumber = "{}";
  std::string user = settings_.user;
  if (const std::size_t at = user.find(kNumber); at != std::string::npos) {
    user.replace(at, kNumber.size(), std::to_string(number));
  }
  return user;
}

std::optional<wire::LocalCallId> Fleet::allocate_id(wire::Ipv4Address address) {
  return ids_.allocate(addresses_.space_of(address), {}, contract::WorkerId{0});
}

void Fleet::release_id(wire::Ipv4Address address, wire::LocalCallId id) {
  ids_.release(addresses_.space_of(address), {}, id);
}

void Fleet::install(const contract::InstallCall& message) {
  runtime_.data_plane().index().map_call(message.local, message.peer, message.local_id, message.call);
  post(message);
}

void Fleet::remove(const contract::CallRef& call, wire::Ipv4Address address, wire::Ipv4Address server,
                   wire::LocalCallId id) {
  runtime_.data_plane().index().unmap_call(address, server, id);
  post(contract::RemoveCall{call});
}

void Fleet::post(const contract::ToWorker& message) {
  if (!waiting_messages_.empty() || !runtime_.mailbox().to_worker.push(message)) {
    waiting_messages_.push_back(message);
  }
}

void Fleet::post_frame(const contract::ToWorker& message, std::span<const std::uint8_t> frame) {
  if (waiting_messages_.empty()) {
    contract::Mailbox& box = runtime_.mailbox();
    [[maybe_unused]] const bool sent =
        contract::post_with_frame(box.to_worker, box.frames_to_worker, message, frame);
  }
}

void Fleet::join(const contract::CallRef& call, const control::ClientStatus& status) {
  ++joined_;
  const bool core = plan_.traffic == TrafficMode::kCore;
  TrafficCommand joins{
      .kind = TrafficCommand::Kind::kJoin, .slot = call.slot, .incarnation = call.generation};
  if (!plan_.no_ipv4) {
    joins.ends = Ends<Ipv4Probe>{.own = status.own, .other = core ? plan_.core_address : status.peer};
    must(joins);
  }
  const control::Ipv6Binding& ipv6 = status.ipv6;
  const wire::Ipv6Address other = core ? plan_.core_address6 : wire::link_local(status.peer_interface_id);
  const bool has_other = core ? !other.is_none() : status.peer_interface_id != 0;
  if (!has_other || (!ipv6.link && !ipv6.delegated)) {
    return;
  }
  Ends<Ipv6Probe> ends{.other = other};
  if (ipv6.delegated) {
    ends.own = ends.behind = {ipv6.delegated->address.high, ipv6.interface_id};
  }
  if (ipv6.link) {
    ends.own = {ipv6.link->address.high, ipv6.interface_id};
  }
  joins.ends = ends;
  must(joins);
}

void Fleet::must(const TrafficCommand& command) {
  if (!waiting_commands_.empty() || !runtime_.commands().push(command)) {
    waiting_commands_.push_back(command);
  }
}

void Fleet::tidy() {
  over_.clear();
  while (!waiting_messages_.empty() && runtime_.mailbox().to_worker.push(waiting_messages_.front())) {
    pop_waiting_message();
  }
  while (!waiting_commands_.empty() && runtime_.commands().push(waiting_commands_.front())) {
    waiting_commands_.pop_front();
  }
}

// ---- messages from the worker -----------------------------------------------------------------------------

bool Fleet::read_messages() {
  return app::read_messages(
      runtime_.mailbox(), kMessagesAtOnce,
      [this](const contract::ToControl& message, auto frame) { on_message(message, frame); });
}

void Fleet::on_message(const contract::ToControl& message, std::span<const std::uint8_t> frame) {
  if (const auto* in = std::get_if<contract::PppFrameIn>(&message)) {
    if (Line* line = slots_.find(in->call); line != nullptr) {
      line->on_frame(frame);
    }
  } else if (const auto* removed = std::get_if<contract::CallRemoved>(&message)) {
    if (Line* line = slots_.find(removed->call); line != nullptr) {
      line->on_call_removed();
    }
  } else if (const auto* desynchronised = std::get_if<contract::MppeDesynchronised>(&message)) {
    if (Line* line = slots_.find(desynchronised->call); line != nullptr) {
      line->on_mppe_desynchronised();
    }
  } else if (const auto* wanted = std::get_if<contract::ResolveNextHop>(&message)) {
    resolve(wanted->destination);
  } else if (const auto* wanted6 = std::get_if<contract::ResolveNextHop6>(&message)) {
    resolve6(wanted6->destination);
  }
}

}  // namespace adit::app::blast
