# SPDX-License-Identifier: Apache-2.0
"""Two boxes that know nothing of each other: addresses, limits and routes come from FreeRADIUS, PostgreSQL and BIRD."""
import time

from cases.blast import set_up
from harness import blast
from harness.boxes import two_boxes
from harness.case import case, expect, until
from harness.dial import EXIT_AUTH_TO_PEER_FAILED, Dial
from harness.lab import LAB, run

USERS = 1000
BOTH = {"server": "192.0.2.5-192.0.2.6", "access": "both", "clients": "10.98.0.0/16", "mppe": "require", "user": "user{}"}
HOLD = {"kind": "hold", "for": "6s"}


def blasted(world, name, phases, while_it_runs=None, **settings):
    return blast.run(lambda *words: world.lab.command("adit-blast", *words), world.lab.work_dir, name, {**BOTH, **settings},
                     phases, while_it_runs, seconds=120)


def settled(boxes):
    """All Stops are in the database: the boxes have delivered all their records."""
    return all(box.adit("show", "radius")["accounting"]["spool_used"] == 0 for box in boxes.all)


@case({})
def a_thousand_users_and_a_box_that_dies(world):
    world.lab.stop()
    run(LAB, "up", "--boxes", "2", "--bare")
    with two_boxes(world.lab) as boxes:
        first, second = boxes.all
        seen = {}

        def when_all_are_up():
            if seen or sum(box.adit("show", "stat")["sessions"]["active"] for box in boxes.all) < USERS:
                return
            seen.update({box.number: box.addresses() for box in boxes.all})
            leased = boxes.database.rows("select username, host(framedipaddress) from radippool where expiry_time > now()")
            seen["leased"] = dict(leased)
            until("the router knows where each is", lambda: len(boxes.routes()) >= USERS, 20)
            seen["routes"] = boxes.routes()
            # user1 is up at the second box; here somebody tries the same name at the first one.
            seen["twice"] = Dial(world.alice, user="user1", password="blast", server=first.address).exit_status()
        outcome = blasted(world, "two-boxes", [set_up(USERS), {**HOLD, "for": "25s"}], when_all_are_up)
        expect("adit-blast's complaints", outcome.report["complaints"], [[]])
        expect("each box has its half", (len(seen[1]), len(seen[2])), [(USERS // 2, USERS // 2)])
        users = {**seen[1], **seen[2]}
        expect("users, different addresses", (len(users), len(set(users.values()))), [(USERS, USERS)])
        expect("the addresses are the database's", users == seen["leased"], True)
        wrong = [user for box in boxes.all for user, address in seen[box.number].items() if seen["routes"].get(address) != box.core]
        expect("users whom the router would look for at the other box", wrong, [[]])
        expect("a second login at the other box: pppd's exit status", seen["twice"], EXIT_AUTH_TO_PEER_FAILED)
        until("all Stops are in the database", lambda: settled(boxes), 60)

        # A box dies while a call passes traffic, and with it 300 other calls.
        dial = Dial(world.alice, user="alice", password="blast", server=first.address)
        address = dial.up().local
        until("the router knows the way", lambda: boxes.routes().get(address) == first.core, 20)
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        died = {}

        def die():
            if not died and first.adit("show", "stat")["sessions"]["active"] >= 301:
                first.power_cut()
                boxes.bury(first)
                died["at"] = time.monotonic()
        blasted(world, "box-dies", [set_up(300), HOLD], die, server=first.address)
        world.tidy()
        began = time.monotonic()
        dial = Dial(world.alice, user="alice", password="blast", server=second.address)
        expect("her address at the other box", dial.up().local, address)
        until("the router sends her packets there", lambda: boxes.routes().get(address) == second.core, 20)
        followed = time.monotonic() - began
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        again = {}

        def when_they_are_back():
            if not again and second.adit("show", "stat")["sessions"]["active"] >= 301:
                again.update(second.addresses())
        outcome = blasted(world, "redial", [set_up(300), HOLD], when_they_are_back, server=second.address)
        expect("adit-blast's complaints", outcome.report["complaints"], [[]])
        moved = [user for user, ip in again.items() if user != "alice" and users.get(user) != ip]
        expect("users who came back, and to another address", (len(again), moved), [(301, [])])

        # The box comes back, and delivers what its spool holds.
        first.power_on()
        until("all its Stops are in the database", lambda: first.adit("show", "radius")["accounting"]["spool_used"] == 0, 30)
        dial.hang_up()
        until("all Stops are in the database", lambda: settled(boxes), 60)
        rows = boxes.database.rows("select count(*), count(distinct acctsessionid), count(acctstoptime), "
                                   "count(*) filter (where acctterminatecause = 'NAS-Reboot') from radacct")
        sessions = USERS + 301 + 301
        expect("records, sessions, Stops, and those of the dead box", rows, [[[str(sessions)] * 3 + ["301"]]])
    return f"{USERS} users, {len(set(users.values()))} addresses; a box died, 301 came back to theirs, the router knew the new way {followed:.1f} s after the redial began"
