# SPDX-License-Identifier: Apache-2.0
"""EAP-TLS carried out by aditd itself, with a real pppd: the MSK's keys encrypt traffic both ways, and a certificate that does not
count, or no longer does, is told by a cause of its own."""
import contextlib
import shutil

from harness.case import case, expect, until
from harness.certificates import certificates
from harness.dial import EXIT_AUTH_TO_PEER_FAILED, EXIT_USER_REQUEST, Dial
from harness.session import Mark, check_link, no_sessions, sessions

BASE = {"auth": {"methods": ["eap"]}, "ppp": {"mppe": "require"}}

# What `openssl ca` wants to know before it signs a list.
AUTHORITY = """
[ca]
default_ca = here
[here]
database = {0}/index.txt
crlnumber = {0}/crlnumber
default_md = sha256
default_crl_days = 1
certificate = {0}/ca.pem
private_key = {0}/ca.key
"""


def config(made, **more):
    return {**BASE, "eap": {
        "methods": ["tls"], "certificate": str(made.file("cert", "server")), "private-key": str(made.file("key", "server")),
        "ca": str(made.file("ca", "server")), **more}}


@contextlib.contextmanager
def serving(world, **more):
    """aditd with certificates of its own; the next case's aditd has none."""
    with certificates(world.lab) as made:
        shutil.chown(made.file("key", "server"), "root", "adit")
        made.file("key", "server").chmod(0o640)
        world.lab.serve(config(made, **more), restart=True)
        yield made


def dial(world, made, owner="client"):
    return Dial(world.alice, user=owner, password="", eap=True, options=made.options(world.alice, owner))


def revocation_list(made, *revoked):
    at = made.directory
    (at / "authority.conf").write_text(AUTHORITY.format(at))
    (at / "index.txt").write_text("")
    (at / "crlnumber").write_text("01\n")
    for owner in revoked:
        made.openssl("ca", "-config", "authority.conf", "-revoke", f"{owner}.pem")
    made.openssl("ca", "-config", "authority.conf", "-gencrl", "-out", "crl.pem")
    return at / "crl.pem"


@case(BASE)
def eap_tls_of_ours(world):
    """Six round trips and more, each fragment below the client's MRU; keys of both halves of the MSK."""
    with serving(world) as made:
        up = dial(world, made)
        link = up.up()
        check_link(world.lab, up, "client", "eap-tls", mppe=True)
        expect("pppd's exit status", up.hang_up(), EXIT_USER_REQUEST)
        no_sessions(world.lab)
    return f"up in {link.seconds_to_up:.1f} s, MPPE 128"


@case(BASE)
def eap_tls_revoked_by_a_reload(world):
    """Who is connected stays; the next login is refused."""
    with serving(world) as made:
        first = dial(world, made)
        first.up()
        world.lab.write_config(config(made, crl=str(revocation_list(made, "client"))))
        world.lab.adit("reload")
        expect("sessions", len(sessions(world.lab)), 1)
        expect("pppd's exit status", first.hang_up(), EXIT_USER_REQUEST)
        no_sessions(world.lab)
        mark = Mark(world.lab)
        second = dial(world, made)
        expect("pppd's exit status", second.exit_status(), EXIT_AUTH_TO_PEER_FAILED)
        mark.reason("auth_failed")
        until("the log has the cause", lambda: any("certificate revoked" in line for line in mark.lines()))
        no_sessions(world.lab)
    return "up, reload, refused"


@case(BASE)
def eap_tls_with_a_servers_certificate(world):
    """Of the right CA, but for another use."""
    with serving(world) as made:
        mark = Mark(world.lab)
        wrong = dial(world, made, owner="server")
        expect("pppd's exit status", wrong.exit_status(), EXIT_AUTH_TO_PEER_FAILED)
        mark.reason("auth_failed")
        no_sessions(world.lab)
    return "refused"
