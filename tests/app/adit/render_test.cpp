// SPDX-License-Identifier: Apache-2.0
// What a person sees of aditd's answers: tables character by character, numbers, hostile and strange answers.
#include <gtest/gtest.h>

#include <limits>

#include "app/adit/render.hpp"
#include "app/adit/shown_columns.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

TEST(AditTable, NumbersForHumans) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(10 * 1024), "10 KiB");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(std::uint64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::uint64_t>::max()), "16 EiB");
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(9999), "9999");
  EXPECT_EQ(human_count(10'000), "10 000");
  EXPECT_EQ(human_count(1'234'567), "1 234 567");
  EXPECT_EQ(human_count(100'000), "100 000");
  EXPECT_EQ(human_uptime(0), "00:00:00");
  EXPECT_EQ(human_uptime(3661), "01:01:01");
  EXPECT_EQ(human_uptime(3 * 86'400 + 59), "3.00:00:59");
}

TEST(AditTable, AlignsColumns) {
  EXPECT_EQ(draw_table({{"name"}, {"n", Align::kRight}}, {{"a", "1"}, {"longer", "22"}}, "none"),
            " name   |  n\n"
            "--------+----\n"
            " a      |  1\n"
            " longer | 22\n");
  EXPECT_EQ(draw_table({{"name"}}, {{"Zoë"}, {"Zoey"}}, "none"),
            " name\n"
            "------\n"
            " Zoë\n"
            " Zoey\n");
  EXPECT_EQ(draw_table({{"name"}, {"n", Align::kRight}}, {{"東京", "1"}, {"Zoe\u0308", "2"}, {"alice", "3"}},
                       "none"),
            " name  | n\n"
            "-------+---\n"
            " 東京  | 1\n"
            " Zoe\u0308   | 2\n"
            " alice | 3\n");
  EXPECT_EQ(draw_table({{"name"}}, {}, "nothing here"), "nothing here\n");
}

TEST(AditTable, CutsANameThatIsTooLong) {
  EXPECT_EQ(
      draw_table({{"name", Align::kLeft, 8}, {"n"}}, {{"alice@example.com", "1"}, {"bob", "2"}}, "none"),
      " name     | n\n"
      "----------+---\n"
      " alice... | 1\n"
      " bob      | 2\n");
  const Json pools = {{"pools", Json::array({{{"name", std::string(80, 'p')}, {"total", 65'533U}}})}};
  EXPECT_NE(render_pools(pools).find(' ' + std::string(29, 'p') + "... |"), std::string::npos);
}

std::vector<Json> list_of(const Json& result) {
  return result["sessions"].get<std::vector<Json>>();
}

TEST(AditRender, Sessions) {
  const Json sessions = Json::parse(R"({"sessions":[
    {"sid":"00000000000000ff","username":"alice","calling_sid":"192.0.2.7","ip":"10.64.0.2","type":"pptp",
     "rate_limit":"10240/2048","mppe":true,"mppe_mode":"128","state":"active","uptime_seconds":3661,"rx_bytes":2048,"tx_bytes":3000000},
    {"sid":"0000000000000100","username":"","calling_sid":"192.0.2.8","ip":"","type":"pptp",
     "mppe":false,"mppe_mode":"none","state":"start","uptime_seconds":1,"rx_bytes":0,"tx_bytes":0}]})");
  EXPECT_EQ(
      draw_sessions(list_of(sessions),
                    *read_shown_columns("sid,username,calling-sid,ip,rate-limit,state,uptime,rx-bytes")),
      " sid              | username | calling-sid | ip        | rate-limit | state  |   uptime | rx-bytes\n"
      "------------------+----------+-------------+-----------+------------+--------+----------+----------\n"
      " 00000000000000ff | alice    | 192.0.2.7   | 10.64.0.2 | 10240/2048 | active | 01:01:01 |  2.0 KiB\n"
      " 0000000000000100 |          | 192.0.2.8   |           |            | start  | 00:00:01 |      0 B\n");
  EXPECT_EQ(draw_sessions({}, *read_shown_columns("sid")), "no sessions\n");
}

TEST(AditRender, SEC_11_HostileNamesCannotDriveTheTerminal) {
  Json sessions;
  sessions["sessions"][0] = {{"sid", "ff"}, {"username", "\x1b[2J\nroot | 10.0.0.1\u202e"}};
  const std::string table = draw_sessions(list_of(sessions), *read_shown_columns("sid,username"));
  EXPECT_NE(table.find("\\x1b[2J\\nroot | 10.0.0.1\\u{202e}"), std::string::npos) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
}

TEST(AditRender, Stat) {
  EXPECT_EQ(render_stat(Json::parse(R"({"version":"0.1.0","pid":7,"uptime_seconds":100,"cpu_seconds":25.0,
    "rss_kb":1000,"virt_kb":2000,"mppe_engine":"calibrated",
    "mppe_kernels":[{"work":"sha1","kernel":"avx512","lanes":16,"cycles":1040,"cycles_256_octets":0,"takes":"10-16"},
    {"work":"rc4","kernel":"four","lanes":4,"cycles":1650,"cycles_256_octets":1600,"takes":""}],
    "packet_buffers":[{"pool":"adit_packets_0","total":20480,"free":12000}],"sessions":{"starting":1,"active":2,"finishing":3},
    "pptp":{"connections":4,"connections_total":5,"calls_total":6},"auth":{"accepted":7,"rejected":8},
    "ended":{"auth_failed":8,"user_request":1}})")),
            "version: 0.1.0\n"
            "uptime: 00:01:40\n"
            "cpu: 25 % since start\n"
            "mem(rss/virt): 1000/2000 kB\n"
            "mppe engine: calibrated\n"
            "  sha1 by avx512: 65 cycles a key; used for 10-16 calls at once\n"
            "  rc4 by four: 412 cycles a key, 400 for 256 octets\n"
            "packet buffers: 12000 of 20480 free (adit_packets_0)\n"
            "memory by table:\n"
            "sessions:\n"
            "  starting: 1\n"
            "  active: 2\n"
            "  finishing: 3\n"
            "pptp:\n"
            "  connections: 4\n"
            "  connections total: 5\n"
            "  calls total: 6\n"
            "auth:\n"
            "  accepted: 7\n"
            "  rejected: 8\n"
            "ended or refused:\n"
            "  auth_failed: 8\n"
            "  user_request: 1\n");
}

TEST(AditRender, MemoryByTable) {
  const std::string text = render_stat(Json::parse(R"({"memory":[{"table":"calls","used":3,"entries":65535,
    "bytes":29359680},{"table":"control records","used":3,"entries":0,"bytes":12000}]})"));
  EXPECT_NE(text.find("memory by table:\n  calls: 28 MiB for 65535\n  control records: 12 KiB\n"),
            std::string::npos)
      << text;
}

TEST(AditRender, MetricsFitATerminal) {
  const std::string table = render_metrics(Json::parse(R"({"families":[
    {"name":"adit_pptp_connections_before_login","type":"gauge","samples":[{"labels":{},"value":3}]},
    {"name":"adit_worker_calls","type":"gauge","samples":[{"labels":{"worker":"0"},"value":0},{"labels":{"worker":"1"},"value":2}]},
    {"name":"adit_uplink_bytes","type":"counter","samples":[{"labels":{"worker":"0"},"value":1000000},{"labels":{"worker":"1"},"value":234567}]},
    {"name":"adit_sleeps","type":"counter","samples":[{"labels":{"worker":"0"},"value":0}]},
    {"name":"adit_start_time_seconds","type":"gauge","samples":[{"labels":{},"value":0.25}]},
    {"name":"adit_port","type":"info","samples":[{"labels":{"port":"wan","driver":"af_xdp","role":"access"},"value":1}]},
    {"name":"adit_radius_round_trip_seconds","type":"histogram","samples":[
      {"labels":{"server":"a","kind":"auth"},"buckets":[[0.001,3],[0.005,4]],"count":5,"sum":7.5},
      {"labels":{"server":"a","kind":"acct"},"buckets":[[0.001,0],[0.005,0]],"count":0,"sum":0}]}]})"));
  EXPECT_EQ(table,
            " metric                             | of                       |     value\n"
            "------------------------------------+--------------------------+-----------\n"
            " adit_pptp_connections_before_login |                          |         3\n"
            " adit_worker_calls                  | worker=0                 |         0\n"
            " adit_worker_calls                  | worker=1                 |         2\n"
            " adit_uplink_bytes                  |                          | 1 234 567\n"
            " adit_start_time_seconds            |                          |      0.25\n"
            " adit_port                          | port=wan driver=af_xd... |         1\n"
            " adit_radius_round_trip_seconds     | server=a kind=auth       |         5\n"
            "                                    | half                     |  <= 0.001\n"
            "                                    | 99 of 100                |   > 0.005\n");
  EXPECT_EQ(render_metrics(Json::parse("{}")), "no metrics\n");
}

TEST(AditRender, Steering) {
  EXPECT_EQ(render_steering(Json::parse(R"({"ports":[{"port":"a","role":"access","queues":4,
    "by":"RSS of addresses","table_entries":128,"rules":0,"packets":1000000,"missed":2500}],
    "workers":[{"worker":0,"calls":3,"in_use":true,"pressed":false},
               {"worker":1,"calls":4,"in_use":false,"pressed":true}]})")),
            " port | role   | queues | steered-by       | table | rules |   rx-pkts | missed |  share\n"
            "------+--------+--------+------------------+-------+-------+-----------+--------+--------\n"
            " a    | access |      4 | RSS of addresses |   128 |     0 | 1 000 000 |   2500 | 0.25 %\n"
            "\n"
            " worker | calls | state\n"
            "--------+-------+-------------\n"
            "      0 |     3 | takes calls\n"
            "      1 |     4 | idled\n");
}

TEST(AditRender, Ports) {
  EXPECT_EQ(
      render_ports(Json::parse(R"({"ports":[{"port":"wan","driver":"dpdk","role":"access","vlan":"200.100",
    "interface":"wan","mac":"02:00:5e:00:53:01","link":true,"mbit":25000,"mtu":1500,"rx_queues":4,"tx_queues":4,
    "rx_packets":1000000,"tx_packets":5,"rx_missed":0,"punted":12,"punts_refused":1,"flaps":2,"restarts":3}]})")),
      " port | driver | role   | vlan    | interface | mac               | link         |  mtu | queues | "
      "  rx-pkts | tx-pkts | missed | punted | refused | flaps | restarts\n"
      "------+--------+--------+---------+-----------+-------------------+--------------+------+--------+-"
      "----------+---------+--------+--------+---------+-------+----------\n"
      " wan  | dpdk   | access | 200.100 | wan       | 02:00:5e:00:53:01 | 25000 Mbit/s | 1500 |      4 | "
      "1 000 000 |       5 |      0 |     12 |       1 |     2 |        3\n");
}

TEST(AditRender, DropsThatHappened) {
  EXPECT_EQ(render_drops(Json::parse(R"({"drops":{"not_ipv4":0,"wrong_peer":12345},
                                         "texts":{"not_ipv4":"a","wrong_peer":"GRE from another address"}})")),
            " reason     | packets | meaning\n"
            "------------+---------+--------------------------\n"
            " wrong_peer |  12 345 | GRE from another address\n");
  EXPECT_EQ(render_drops(Json::parse(R"({"drops":{"not_ipv4":0},"texts":{}})")), "no packet was dropped\n");
}

TEST(AditRender, Counters) {
  EXPECT_EQ(render_counters(Json::parse(R"({
    "workers":[{"name":"loops","unit":"loops","sum":30000,"text":"passes","by_worker":[10000,20000]},
               {"name":"uplink_bytes","unit":"bytes","sum":7,"text":"their size","by_worker":[7,0]}],
    "ports":[{"name":"punted","unit":"packets","sum":12,"text":"passed to the kernel","by_port":{"wan":12}}]})")),
            " counter      | unit  |    sum | worker 0 | worker 1 | meaning\n"
            "--------------+-------+--------+----------+----------+------------\n"
            " loops        | loops | 30 000 |   10 000 |   20 000 | passes\n"
            " uplink_bytes | bytes |      7 |        7 |        0 | their size\n"
            "\n"
            " counter | unit    | sum | meaning\n"
            "---------+---------+-----+----------------------\n"
            " punted  | packets |  12 | passed to the kernel\n");
  EXPECT_EQ(render_counters(Json::parse(R"({"workers":[{"name":"a","sum":1,"by_worker":[1,2,3]},
    {"name":"b","by_worker":[1,"x"]},7]})")),
            " counter | unit | sum | worker 0 | worker 1 | worker 2 | meaning\n"
            "---------+------+-----+----------+----------+----------+---------\n"
            " a       |      |   1 |        1 |        2 |        3 |\n"
            " b       |      |   0 |        1 |          |          |\n"
            "         |      |   0 |          |          |          |\n"
            "\n"
            "no counters\n");
}

TEST(AditRender, Admission) {
  EXPECT_EQ(render_admission(Json::parse(R"({"connections":12,"before_login":3,"sources":[
    {"source":"192.0.2.9","before_login":3,"after_login":1,"refused":70000,"evicted":2,"failed_logins":40,
     "delayed":20,"seconds_ago":5}]})")),
            "connections: 12, before login: 3\n"
            "\n"
            " source    | before login | logged in | refused | evicted | failed logins | delayed | s ago\n"
            "-----------+--------------+-----------+---------+---------+---------------+---------+-------\n"
            " 192.0.2.9 |            3 |         1 |  70 000 |       2 |            40 |      20 |     5\n");
  EXPECT_EQ(render_admission(Json::parse("{}")),
            "connections: 0, before login: 0\n\nno address was limited\n");
}

TEST(AditRender, WorkersAndPools) {
  EXPECT_EQ(render_workers(Json::parse(R"({"workers":[{"worker":0,"lcore":3,"busy":0.25,"rx_packets":1000000,
    "tx_packets":5,"uplink_packets":1,"uplink_bytes":1500,"downlink_packets":2,"downlink_bytes":3000,
    "steer_miss":4,"handed_in":0,"notices_lost":0,"reordered":7,"drops":2}]})")),
            " worker | lcore | busy |   rx-pkts | tx-pkts | up-pkts | up-bytes | down-pkts | down-bytes | "
            "steer-miss | reordered | drops\n"
            "--------+-------+------+-----------+---------+---------+----------+-----------+------------+----"
            "--------+-----------+-------\n"
            "      0 |     3 | 25 % | 1 000 000 |       5 |       1 |  1.5 KiB |         2 |    2.9 KiB |    "
            "      4 |         7 |     2\n");
  EXPECT_EQ(
      render_pools(Json::parse(
          R"({"pools":[{"name":"default","total":200,"used":50,"quarantined":1,"reserved":4,"available":145}]})")),
      " pool    | total | used | quarantined | reserved | available | usage\n"
      "---------+-------+------+-------------+----------+-----------+-------\n"
      " default |   200 |   50 |           1 |        4 |       145 |  25 %\n");
  EXPECT_EQ(render_version(Json::parse(R"({"name":"aditd","version":"0.1.0"})")), "aditd 0.1.0\n");
}

TEST(AditRender, Radius) {
  EXPECT_EQ(
      render_radius(Json::parse(
          R"({"servers":[{"server":"aaa1","address":"192.0.2.10","alive":true,"state":"alive","in_flight":1,"sent":20,"answered":18,
          "repeated":2,"timeouts":1,"late":3,"refused":0,"unmatched":0,"p50_ms":3,"p99_ms":12}],
          "accounting":{"spool_records":65536,"spool_used":7,"stops_waiting":2,"in_flight":0,"unkept":0,"stops_lost":0},
          "dae_clients":[{"client":"desk","address":"192.0.2.11","disconnects":1,"changes":2,"refused":3,"repeated":4,
          "stale":5,"forged":6}],"dae_strangers":0})")),
      " server | address    | state | in-flight | sent | answered | repeated | timeouts | late | refused | "
      "unmatched | "
      "p50-ms | p99-ms\n"
      "--------+------------+-------+-----------+------+----------+----------+----------+------+---------+---"
      "-------"
      "-+-"
      "-------+--------\n"
      " aaa1   | 192.0.2.10 | alive |         1 |   20 |       18 |        2 |        1 |    3 |       0 |   "
      "      "
      "0 |  "
      "    3 |     12\n"
      "\naccounting: 7 of 65 536 spool records in use; 2 Stops wait for a server; 0 sessions got no record, "
      "and 0 of "
      "their Stops were lost\n"
      "\n"
      " dae-client | address    | disconnects | changes | refused | repeated | stale | forged\n"
      "------------+------------+-------------+---------+---------+----------+-------+--------\n"
      " desk       | 192.0.2.11 |           1 |       2 |       3 |        4 |     5 |      6\n");
}

TEST(AditRender, ATrialLogin) {
  EXPECT_EQ(
      render_trial(Json::parse(
          R"({"verdict":"accepted","why":"","took_ms":4,"address":"10.77.0.9","pool":"","rate":"8000/4000",
                "routes":["10.201.0.0/24"],"session_timeout":60,"idle_timeout":null,"interim_interval":null,
                "dns":["198.51.100.77",""],"wins":["",""],"classes":1,"mppe_keys":"right",
                "ipv6":{"denied":false,"interface_id":"","ip6":"","prefix":"","delegated":"","ip6_pool":"default",
                        "prefix_pool":"default","delegated_pool":"default","routes":[],"dns":[]}})")),
      "accepted in 4 ms\n"
      "  address       10.77.0.9\n"
      "  rate          8000/4000\n"
      "  routes        10.201.0.0/24\n"
      "  session       60 s\n"
      "  dns           198.51.100.77\n"
      "  classes       1\n"
      "  mppe keys     right\n");
}

TEST(AditRender, ATrialLoginSaysWhatItGrantsInIpv6) {
  EXPECT_EQ(render_trial(Json::parse(
                R"({"verdict":"accepted","why":"","took_ms":4,"address":"10.77.0.9",
                    "ipv6":{"denied":false,"interface_id":"0:0:0:a1","ip6":"2001:db8:65::7","prefix":"",
                            "delegated":"2001:db8:100::/56","ip6_pool":"","prefix_pool":"gold\u001b",
                            "delegated_pool":"","routes":["2001:db8:20::/48","2001:db8:21::/48"],
                            "dns":["2001:db8:53::53"]}})")),
            "accepted in 4 ms\n"
            "  address       10.77.0.9\n"
            "  interface id  0:0:0:a1\n"
            "  ip6           2001:db8:65::7\n"
            "  prefix pool   gold\\x1b\n"
            "  delegated     2001:db8:100::/56\n"
            "  ipv6 routes   2001:db8:20::/48, 2001:db8:21::/48\n"
            "  ipv6 dns      2001:db8:53::53\n");
  EXPECT_EQ(
      render_trial(Json::parse(
          R"({"verdict":"accepted","why":"","took_ms":4,"ipv6":{"denied":true,"prefix_pool":"none"}})")),
      "accepted in 4 ms\n"
      "  ipv6          denied\n");
}

TEST(AditRender, ATrialLoginThatWouldBeNoCallSaysWhatItGrants) {
  EXPECT_EQ(
      render_trial(Json::parse(
          R"({"verdict":"unusable","why":"no \u001b pool","took_ms":4,"address":"","pool":"a\\xff\u001b"})")),
      "unusable in 4 ms: no \\x1b pool\n"
      "  pool          a\\xff\\x1b\n");
}

TEST(AditRender, StrangeAnswersDoNoHarm) {
  for (const char* strange :
       {"null", "[]", "7", "\"x\"", "{}", R"({"sessions":5,"workers":{},"pools":"x","drops":[1],"ended":7})",
        R"({"sessions":[1,null,[],{"sid":7,"rx_bytes":-1,"mppe":"yes"}],"workers":[5],"pools":[null]})"}) {
    const Json result = Json::parse(strange);
    for (const auto render :
         {&render_stat, &render_drops, &render_workers, &render_counters, &render_admission, &render_pools,
          &render_ports, &render_radius, &render_steering, &render_trial, &render_version}) {
      EXPECT_FALSE(render(result).empty()) << strange;
    }
    EXPECT_FALSE(
        draw_sessions({result}, *read_shown_columns("sid,username,ip,rx-bytes,uptime,rate")).empty());
    EXPECT_EQ(acted_on_count(result), 0u);
  }
}

}  // namespace
}  // namespace adit::app
