# SPDX-License-Identifier: Apache-2.0
"""Accounting that survives: the totals of a thousand sessions when aditd is killed meanwhile."""
import collections
import time

from cases.blast import CONFIG, TRAFFIC, run, set_up
from harness.case import case, expect, until
from harness.postgres import postgres
from harness.radius import config, freeradius
from harness.session import no_sessions

CALLS = 1000
USERS = """
DEFAULT Cleartext-Password := "blast"
"""


def with_a_spool(**more):
    settings = config(spool="/run/adit-lab/accounting", **more)
    settings["auth"]["methods"] = ["mschap-v2"]
    return {**CONFIG, **settings}


def by_session(server):
    """For each session: the statuses of its records in order, and the input octets of each."""
    sessions = collections.defaultdict(list)
    for row in server.accounting():
        if row[0] in ("Start", "Interim-Update", "Stop"):
            sessions[row[1]].append((row[0], int(row[3]), row[5]))
    return sessions


def nas_records(server):
    return [row[0] for row in server.accounting() if "Accounting" in row[0]]


def stops(server):
    return sum(row[0] == "Stop" for row in server.accounting())


@case(with_a_spool(**{"acct-interim-interval": "3s"}))
def killed_with_a_thousand_sessions(world):
    with postgres(world.lab) as database, freeradius(world.lab, USERS, database) as server:
        def kill_when_all_have_been_noted():
            noted = {row[1] for row in server.accounting() if row[0] == "Interim-Update" and int(row[3]) > 0}
            if len(noted) == CALLS:
                world.lab.kill()
        run(world, "killed", [set_up(CALLS), {"kind": "traffic", "for": "20s", **TRAFFIC}], kill_when_all_have_been_noted)
        before = by_session(server)
        told_before = nas_records(server)
        expect("of its own start", told_before, [[], ["Accounting-On"]])  # given up if the server had not started yet
        expect("all had started, none stopped, and aditd was killed", (len(before), stops(server), world.lab.pid()), [(CALLS, 0, None)])
        world.lab.serve(with_a_spool(), restart=True)
        until("every Stop is taken", lambda: world.lab.adit("show", "radius")["accounting"]["spool_used"] == 0, 60)
        after = by_session(server)
        expect("sessions", len(after), CALLS)
        for session, records in after.items():
            expect(f"{session}: its Stops", [record[0] for record in records].count("Stop"), 1)
            expect(f"{session}: the last record", (records[-1][0], records[-1][2]), [("Stop", "NAS-Reboot")])
            expect(f"{session}: counters are the last known", records[-1][1] >= before[session][-1][1] > 0, True)
        total = sum(records[-1][1] for records in after.values())
        rows = database.rows("select count(*), count(distinct acctsessionid), count(acctstoptime), sum(acctinputoctets), "
                             "count(*) filter (where acctterminatecause = 'NAS-Reboot') from radacct")
        expect("the database's records, sessions, Stops, octets, reboots", rows, [[[str(CALLS)] * 3 + [str(total), str(CALLS)]]])
        world.lab.serve(with_a_spool(), restart=True)
        expect("Accounting-On at the start, Accounting-Off at the drain", nas_records(server),
               [[*told_before, "Accounting-On", "Accounting-Off", "Accounting-On"]])
        expect("and no Stop again", stops(server), CALLS)
    return f"{CALLS} sessions, a Stop each after the restart, {total} octets in"


@case(with_a_spool())
def servers_killed_while_sessions_end(world):
    def told():
        return world.lab.adit("show", "radius")["accounting"]

    with postgres(world.lab) as database, freeradius(world.lab, USERS, database) as server:
        killed = []

        def kill_while_they_end():
            if killed or int(database.value("select count(*) from radacct")) < CALLS:
                return
            time.sleep(3)  # let traffic flow
            world.lab.adit("terminate", "username", database.value("select username from radacct limit 1"))
            until("the first Stop is in the table", lambda: database.value("select count(acctstoptime) from radacct") != "0")
            database.stop()  # so that the others cannot all be answered before both are gone, however busy the machine is
            world.lab.adit("terminate", "all")
            until("the others' Stops are under way", lambda: told()["in_flight"] > 0)
            server.stop()
            killed.append(True)
        run(world, "servers-killed", [set_up(CALLS), {"kind": "traffic", "for": "12s", **TRAFFIC}], kill_while_they_end, user="user{}")
        no_sessions(world.lab)
        until("no request is under way", lambda: told()["in_flight"] == 0, 30)
        waiting = told()["stops_waiting"]
        expect("Stops that wait", waiting, CALLS - 1)
        database.start()
        server.start()
        until("every Stop is taken", lambda: told()["spool_used"] == 0, 60)
        rows = database.rows("select count(*), count(distinct acctsessionid), count(acctstoptime), sum(acctinputoctets), sum(acctoutputoctets) from radacct")
        ended = [line for line in world.lab.log().splitlines() if "event=call_ended" in line and "user=user" in line][-CALLS:]
        octets = [str(sum(int(line.split(f" {way}_octets=")[1].split()[0]) for line in ended)) for way in ("uplink", "downlink")]
        expect("rows, sessions, Stops; octets as adit counted them", rows, [[[str(CALLS)] * 3 + octets]])
        expect("none was lost, none found no slot", (told()["stops_lost"], told()["unkept"]), [(0, 0)])
    return f"{waiting} of {CALLS} Stops waited for their servers; {octets[0]} octets in"
