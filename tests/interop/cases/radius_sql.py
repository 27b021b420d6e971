# SPDX-License-Identifier: Apache-2.0
"""FreeRADIUS with PostgreSQL: addresses from its pools, sessions per user, and what accounting leaves in the tables."""
from cases import blast
from harness.case import case, expect, until
from harness.dial import EXIT_AUTH_TO_PEER_FAILED, EXIT_USER_REQUEST, Dial
from harness.postgres import postgres
from harness.radius import config, freeradius
from harness.session import no_sessions, session_of

USERS = """
carol Cleartext-Password := "tango", Pool-Name := "main", Simultaneous-Use := 1
erin Cleartext-Password := "tango"
  Framed-Pool = "gold",
  Idle-Timeout = 4
"""
POOLS = [{"name": "default", "ranges": ["10.64.0.2-10.64.255.254"]}, {"name": "gold", "ranges": ["10.91.0.2-254"]}]
BRAS = {**config(), "ip-pool": POOLS}


def records(database, user):
    return database.rows(f"select framedipaddress, acctstoptime is not null, acctterminatecause, acctinputoctets, acctoutputoctets "
                         f"from radacct where username = '{user}' order by radacctid")


def leases(database):
    return int(database.value("select count(*) from radippool where expiry_time > now()"))


@case(BRAS)
def addresses_limits_and_records(world):
    with postgres(world.lab) as database, freeradius(world.lab, USERS, database):
        first = Dial(world.alice, user="carol", password="tango", mppe="128")
        link = first.up()
        world.lab.in_core("ip", "route", "replace", "10.90.0.0/16", "via", "198.51.100.1")
        leased = database.value("select framedipaddress from radippool where username = 'carol' and expiry_time > now()")
        expect("sqlippool's address", (link.local, session_of(world.lab, "carol")["ip"]), [(leased, leased)])
        until("her Start is in the table", lambda: records(database, "carol"))
        second = Dial(world.bob, user="carol", password="tango", mppe="128")
        expect("a second login: pppd's exit status", second.exit_status(), EXIT_AUTH_TO_PEER_FAILED)
        expect("the first goes on", link.ping(), {84: "3/3", 1028: "3/3"})
        session = session_of(world.lab, "carol")
        expect("pppd's exit status", first.hang_up(), EXIT_USER_REQUEST)
        no_sessions(world.lab)
        until("her Stop is in the table", lambda: records(database, "carol")[-1][1] == "t")
        rows = records(database, "carol")
        expect("a row, with its end", [row[:3] for row in rows], [[[leased, "t", "User-Request"]]])
        # adit's counters before the hang-up, and the table's: LCP's Terminate frames are not IP and count in
        # neither.
        expect("octets", (int(rows[0][3]), int(rows[0][4])), [(session["rx_bytes"], session["tx_bytes"])])
        expect("leases", leases(database), 0)
        again = Dial(world.bob, user="carol", password="tango", mppe="128")
        expect("her address is hers again", again.up().local, leased)
        again.hang_up()
        no_sessions(world.lab)
    return f"{leased} by sqlippool, second login refused, one record of {rows[0][3]} and {rows[0][4]} octets"


@case(BRAS)
def framed_pool_and_idle_timeout(world):
    with postgres(world.lab) as database, freeradius(world.lab, USERS, database):
        dial = Dial(world.alice, user="erin", password="tango", mppe="128")
        link = dial.up()
        expect("of the pool that Framed-Pool names", link.local.startswith("10.91.0."), True)
        dial.exit_status()
        no_sessions(world.lab)
        until("her Stop is in the table", lambda: records(database, "erin") and records(database, "erin")[-1][1] == "t")
        expect("why it ended", records(database, "erin")[0][2], "Idle-Timeout")
    return f"{link.local} of pool gold, Idle-Timeout"


def storm(world, name, calls):
    """Logins per second, with one user per call, each with its Start and Stop."""
    outcome = blast.run(world, name, [{"kind": "set-up", "calls": calls, "concurrency": 128}], user="user{}")
    no_sessions(world.lab)
    until("every Stop is taken", lambda: world.lab.adit("show", "radius")["accounting"]["spool_used"] == 0, 60)
    found = outcome.phase("set-up")["set_up"]
    expect("calls up", found["up"], calls)
    return found["calls_per_second"]


@case({**blast.CONFIG, **config(timeout="3s"), "auth": {"methods": ["mschap-v2"], "backend": "radius"}})
def logins_a_second(world):
    calls, said = 2000, []
    with freeradius(world.lab, 'DEFAULT Cleartext-Password := "blast"\n'):
        said.append(f"{storm(world, 'logins-files', calls):.0f}/s of a file")
        said.append(f"round trip {world.lab.adit('show', 'radius')['servers'][0]['p50_ms']} ms median")
    with postgres(world.lab) as database, freeradius(world.lab, 'DEFAULT Cleartext-Password := "blast", Pool-Name := "main"\n', database):
        said.append(f"{storm(world, 'logins-sql', calls):.0f}/s with sqlippool and records in PostgreSQL")
        expect("records, with their ends", database.rows("select count(*), count(acctstoptime) from radacct"), [[[str(calls)] * 2]])
        expect("leases", leases(database), 0)
    return f"{calls} logins each: {', '.join(said)}"
