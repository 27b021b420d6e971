# SPDX-License-Identifier: Apache-2.0
"""Users of a real FreeRADIUS: every method, the effect of its attributes, and what becomes of calls while it is unreachable."""
import json
import subprocess
import time

from cases.ipv6 import Link6, with_ipv6
from harness.case import case, expect, until
from harness.dial import EXIT_AUTH_TO_PEER_FAILED, EXIT_HANGUP, EXIT_USER_REQUEST, METHODS, Dial
from harness.lab import LabError
from harness.radius import SECRET, config, freeradius, radclient
from harness.session import MPPE_ON, Mark, no_sessions, session_of

USERS = """
carol Cleartext-Password := "tango"
  Framed-IP-Address = 10.77.0.9,
  Mikrotik-Rate-Limit = "4M/8M",
  Framed-Route = "10.201.0.0/24 0.0.0.0 1",
  MS-Primary-DNS-Server = 198.51.100.77
dave Cleartext-Password := "tango"
frank Cleartext-Password := "tango"
  Session-Timeout = 6,
  Acct-Interim-Interval = 2,
  Class = "gold"
grace Cleartext-Password := "tango"
  Framed-IPv6-Prefix = 2001:db8:64:77::/64,
  Framed-IPv6-Route = "2001:db8:2077::/48 :: 1"
heidi Cleartext-Password := "tango"
  Framed-IPv6-Pool = "none"
mallory Cleartext-Password := "tango"
  Framed-IPv6-Prefix = 2001:db8:64::/56
erin Cleartext-Password := "tango"
  Framed-Route = "10.201.0.0/8"
"""
MPPE_OF = {"mschap-v2": "128", "mschap-v1": "128", "chap-md5": "none", "pap": "none"}


def trial(world, user, password, method):
    """The output of `adit test radius`."""
    done = subprocess.run(world.lab.command("adit-server", "adit", "test", "radius", user, "--method", method, "--json"),
                          input=password + "\n", capture_output=True, text=True, check=False, timeout=20)
    return json.loads(done.stdout)


def servers(world):
    return world.lab.adit("show", "radius")["servers"]


@case(config())
def every_method_with_keys_from_radius(world):
    with freeradius(world.lab, USERS):
        world.lab.serve(config(), restart=True)  # so that its Accounting-On finds a server, however slowly that one started
        for method in METHODS:
            dial = Dial(world.alice, user="dave", password="tango", auth=[method], mppe=MPPE_OF[method])
            dial.up()
            encrypted = MPPE_OF[method] != "none"
            tried = trial(world, "dave", "tango", method)
            expect(f"{method}: adit test radius", (tried["verdict"], tried["why"], tried["mppe_keys"]),
                   [("accepted", "", "right" if encrypted else "none")])
            expect(f"{method}: MPPE is on at the client", MPPE_ON in dial.log(), encrypted)
            expect(f"{method}: adit's word", (session_of(world.lab, "dave")["auth"], session_of(world.lab, "dave")["mppe"]),
                   [(method, encrypted)])
            expect(f"{method}: pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
            expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
            no_sessions(world.lab)
        found = servers(world)[0]
    # Two logins each, a Start and a Stop each; Accounting-On.
    expect("requests, answers, refused replies", (found["sent"], found["answered"], found["refused"]), [(17, 17, 0)])
    return f"{', '.join(METHODS)}; round trip {found['p50_ms']} ms median"


@case({**config(), "ppp": {"mppe": "require"}})
def a_method_without_keys_where_they_are_required(world):
    """MPP-15: RADIUS accepts without a key; with a key, the server's is the one that the client computes."""
    with freeradius(world.lab, USERS):
        mark = Mark(world.lab)
        Dial(world.alice, user="dave", password="tango", auth=["pap"], mppe="none").exit_status()
        reason = mark.reason("mppe_refused")
        dial = Dial(world.alice, user="dave", password="tango", mppe="128")
        dial.up()
        expect("pings under RADIUS' keys", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        dial.hang_up()
        no_sessions(world.lab)
    return f"PAP: {reason}; MS-CHAPv2: encrypted"


@case(config())
def every_method_refused(world):
    with freeradius(world.lab, USERS):
        for method in METHODS:
            mark = Mark(world.lab)
            dial = Dial(world.alice, user="dave", password="waltz", auth=[method], mppe="none")
            expect(f"{method}: pppd's exit status", dial.exit_status(), EXIT_AUTH_TO_PEER_FAILED)
            expect(f"{method}: adit test radius", trial(world, "dave", "waltz", method)["verdict"], "rejected")
            mark.reason("auth_failed")
        no_sessions(world.lab)
    return "exit 19, auth_failed"


@case(config())
def what_attributes_grant(world):
    with freeradius(world.lab, USERS):
        dial = Dial(world.alice, user="carol", password="tango", mppe="128")
        link = dial.up()
        session = session_of(world.lab, "carol")
        expect("Framed-IP-Address", (link.local, session["ip"]), [("10.77.0.9", "10.77.0.9")])
        expect("Mikrotik-Rate-Limit, up and down for the client", session["rate_limit"], "8000/4000")
        expect("Framed-Route", session["routes"], "10.201.0.0/24")
        expect("MS-Primary-DNS-Server", link.dns1, "198.51.100.77")
        world.lab.in_core("ip", "route", "replace", "10.77.0.0/16", "via", "198.51.100.1")
        # UDP at twice the limit: TCP would measure its reaction to a policer. The burst of 200 ms is 2 % of
        # ten seconds.
        up = link.iperf_udp(offered=8, seconds=10)
        expect("IP octets up are the limit's, within 5 %", 0.95 * 4 < up < 1.05 * 4, True)
        dial.hang_up()
        mark = Mark(world.lab)
        dial = Dial(world.alice, user="erin", password="tango", mppe="128")
        dial.exit_status()
        expect("a route that is none refuses the call, and says why",
               any("Framed-Route" in line and "without host bits" in line for line in mark.lines()), True)
        no_sessions(world.lab)
    return f"address, route, DNS, rate: {up:.2f} of 4 Mbit/s up"


@case({**config(), "ipv6": {"ra-interval": 4, "ra-lifetime": 12},
       "ipv6-pool": [{"name": "default", "use": "link", "prefix": "2001:db8:65::/48"}]})
def ipv6_attributes(world):
    """The link's prefix is RADIUS' own, accounting says so, and a Disconnect-Request finds the session by it."""
    def dial_as(user):
        return Dial(with_ipv6(world.alice), user=user, password="tango", mppe="128", options=("+ipv6",))

    with freeradius(world.lab, USERS) as server:
        dial = dial_as("grace")
        dial.up()
        address = Link6(dial.guest, dial.link.interface).address("global")
        expect("Framed-IPv6-Prefix", address.startswith("2001:db8:64:77:"), True)
        until("a record says so while the call is up",
              lambda: any(row[0] != "Stop" and row[7] == "2001:db8:64:77::/64" for row in rows_of(server, "grace")))
        expect("another prefix", radclient(world, "disconnect", "Framed-IPv6-Prefix = 2001:db8:64:78::/64", now()),
               "Disconnect-NAK Session-Context-Not-Found")
        expect("hers", radclient(world, "disconnect", "Framed-IPv6-Prefix = 2001:db8:64:77::/64", now()), "Disconnect-ACK")
        expect("pppd's exit status", dial.exit_status(), EXIT_HANGUP)
        no_sessions(world.lab)
        until("the Stop is there", lambda: any(row[0] == "Stop" for row in rows_of(server, "grace")))
        expect("and has it, too", rows_of(server, "grace")[-1][7], "2001:db8:64:77::/64")

        dial = dial_as("heidi")
        link = dial.up()
        expect("without IPv6 there is IPv4", link.ping(), {84: "3/3", 1028: "3/3"})
        expect("and no address of IPv6", "inet6 2001" in Link6(dial.guest, dial.link.interface).ip(f"addr show dev {link.interface}"), False)
        expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
        no_sessions(world.lab)

        mark = Mark(world.lab)
        dial_as("mallory").exit_status()
        expect("a prefix that is none refuses the call, and says why",
               any("Framed-IPv6-Prefix" in line and "neither the /64" in line for line in mark.lines()), True)
        no_sessions(world.lab)
    return f"{address} by RADIUS' prefix; denied by a pool named none"


@case(config("radius-then-local"))
def a_server_that_goes_and_comes(world):
    with freeradius(world.lab, USERS) as server:
        first = Dial(world.alice, user="dave", password="tango", mppe="128")
        first.up()
        server.stop()
        expect("the call that is up stays", first.link.ping(), {84: "3/3", 1028: "3/3"})
        for _ in range(2):  # as often as max-fail says
            second = Dial(world.bob, user="bob", password="hunter2", mppe="128")  # chap-secrets has this user
            second.up()
            second.hang_up()
        expect("the server is taken for dead", servers(world)[0]["state"], "dead")
        server.start()
        until("and found alive by a probe", lambda: servers(world)[0]["alive"])
        first.hang_up()
        first = Dial(world.alice, user="dave", password="tango", mppe="128")
        first.up()
        first.hang_up()
        no_sessions(world.lab)
        found = servers(world)[0]
    expect("nothing is left in flight", found["in_flight"], 0)
    return f"{found['timeouts']} requests given up, {found['repeated']} repeated; local users served meanwhile"


def rows_of(server, user):
    return [row for row in server.accounting() if len(row) > 2 and row[2] == user]


@case(config())
def accounting_and_session_timeout(world):
    with freeradius(world.lab, USERS) as server:
        mark = Mark(world.lab)
        dial = Dial(world.alice, user="frank", password="tango", mppe="128")
        dial.up()
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        expect("pppd's exit status", dial.exit_status(), EXIT_HANGUP)
        mark.reason("session_timeout")
        no_sessions(world.lab)
        until("the Stop is there", lambda: any(row[0] == "Stop" for row in rows_of(server, "frank")))
        rows = rows_of(server, "frank")
    expect("Start, and at once Stop", [row[0] for row in rows], [["Start", "Stop"]])
    expect("an interim record every two seconds is too much, and told",
           any("radius_interim_raised" in line for line in mark.lines()), True)
    expect("one session", len({row[1] for row in rows}), 1)
    expect("terminate cause and class", (rows[-1][5], rows[-1][6]), [("Session-Timeout", "0x676f6c64")])
    # IP octets as the client sent them: three pings of each length, each way.
    expect("octets in and out", (int(rows[-1][3]) >= 3 * (84 + 1028), int(rows[-1][4])), [(True, 3 * (84 + 1028))])
    return f"{len(rows)} records; {rows[-1][3]} octets in, {rows[-1][4]} out"


@case(config())
def a_stop_waits_for_its_server(world):
    with freeradius(world.lab, USERS) as server:
        dial = Dial(world.alice, user="dave", password="tango", mppe="128")
        dial.up()
        server.stop()
        dial.hang_up()
        no_sessions(world.lab)
        until("the Stop is given up for now", lambda: servers(world)[0]["timeouts"] > 0)
        server.start()
        until("the Stop comes when the server is back", lambda: any(row[0] == "Stop" for row in rows_of(server, "dave")), 40)
        stops = [row for row in rows_of(server, "dave") if row[0] == "Stop"]
    expect("once", len(stops), 1)
    return f"{stops[0][5]}, delivered once"


def now():
    return f"Event-Timestamp = {int(time.time())}"


@case(config())
def disconnect_and_change_of_authorization(world):
    """RAD-13 with a real client of RFC 5176."""
    with freeradius(world.lab, USERS) as server:
        dial = Dial(world.alice, user="dave", password="tango", mppe="128")
        link = dial.up()
        session = session_of(world.lab, "dave")
        who = ("User-Name = dave", f"Acct-Session-Id = {session['sid']}", f"Framed-IP-Address = {link.local}", now())
        expect("a wrong secret", radclient(world, "disconnect", *who, secret="guessed"), "nothing")
        expect("no date", radclient(world, "disconnect", "User-Name = dave"), "nothing")
        expect("a date of another time", radclient(world, "disconnect", "User-Name = dave", f"Event-Timestamp = {int(time.time()) - 400}"), "nothing")
        expect("another user's session", radclient(world, "disconnect", "User-Name = carol", *who[1:]), "Disconnect-NAK Session-Context-Not-Found")
        expect("another NAS", radclient(world, "disconnect", *who, "NAS-Identifier = other"), "Disconnect-NAK NAS-Identification-Mismatch")

        began = time.monotonic()
        expect("a rate", radclient(world, "coa", *who, 'Mikrotik-Rate-Limit = "2M/8M"', 'Framed-Route = "10.202.0.0/24"'), "CoA-ACK")
        found = session_of(world.lab, "dave")
        changed = time.monotonic() - began
        expect("rate and route are the session's", (found["rate_limit"], found["routes"]), [("8000/2000", "10.202.0.0/24")])
        expect("within a second", changed < 1, True)
        up = link.iperf_udp(offered=4, seconds=10)
        expect("IP octets up are the new limit's, within 5 %", 0.95 * 2 < up < 1.05 * 2, True)
        expect("a bad value changes nothing", radclient(world, "coa", *who, 'Mikrotik-Rate-Limit = "fast"', "Session-Timeout = 1"), "CoA-NAK Invalid-Attribute-Value")
        expect("pings", link.ping(), {84: "3/3", 1028: "3/3"})

        mark = Mark(world.lab)
        began = time.monotonic()
        expect("Disconnect", radclient(world, "disconnect", *who), "Disconnect-ACK")
        no_sessions(world.lab)
        ended = time.monotonic() - began
        expect("within a second", ended < 1, True)
        mark.reason("admin_reset")
        expect("pppd's exit status", dial.exit_status(), EXIT_HANGUP)
        until("the Stop is there", lambda: any(row[0] == "Stop" for row in rows_of(server, "dave")))
        expect("its cause", rows_of(server, "dave")[-1][5], "Admin-Reset")
        row = world.lab.adit("show", "radius")["dae_clients"][0]
    expect("adit's count: disconnects, changes, refused, stale, forged",
           (row["disconnects"], row["changes"], row["refused"], row["stale"], row["forged"]), [(1, 1, 3, 2, 1)])
    return f"changed in {changed * 1000:.0f} ms, {up:.2f} of 2 Mbit/s up; ended in {ended * 1000:.0f} ms"


@case(config())
def a_reload_under_a_call(world):
    """RAD-16: `adit reload` switches to other secrets and servers; a wrong config changes nothing."""
    def with_secret(secret):
        settings = config()
        settings["radius-server"] = [{**settings["radius-server"][0], "secret": secret}]
        return settings

    def comes_in():
        return trial(world, "dave", "tango", "mschap-v2")["verdict"] == "accepted"

    with freeradius(world.lab, USERS):
        dial = Dial(world.alice, user="dave", password="tango", mppe="128")
        link = dial.up()
        pid = world.lab.pid()
        world.lab.write_config(with_secret("another"))
        world.lab.adit("reload")
        expect("a login by another secret", comes_in(), False)
        world.lab.write_config({**with_secret(SECRET), "radius": {"timeout": "soon"}})
        try:
            world.lab.adit("reload")
            said = ""
        except LabError as error:
            said = str(error)
        expect("a mistake is told by its line", "radius.timeout: value" in said, True)
        expect("and has changed nothing", comes_in(), False)
        world.lab.write_config(with_secret(SECRET))
        world.lab.adit("reload")
        expect("a login by the right secret again", comes_in(), True)
        expect("the call did not notice", (link.ping(), world.lab.pid()), [({84: "3/3", 1028: "3/3"}, pid)])
        dial.hang_up()
        no_sessions(world.lab)
    return "another secret, a mistake, and back"
