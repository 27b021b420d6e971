# SPDX-License-Identifier: Apache-2.0
"""hostapd as a RADIUS server, in the lab's core namespace: another implementation of EAP and of MS-MPPE keys than FreeRADIUS's."""
import contextlib
import subprocess
import time

from harness.lab import CORE, LabError
from harness.radius import SECRET

# It does not know Framed-MTU. Fragments have to fit into a link's MRU of 1,400, and PPP's and EAP's headers with them.
CONFIG = """
driver=none
interface=core
eap_server=1
eap_user_file={work}/users
ca_cert={ca}
server_cert={cert}
private_key={key}
fragment_size=1300
radius_server_clients={work}/clients
radius_server_auth_port=1812
"""


@contextlib.contextmanager
def hostapd(lab, users, certificates):
    """`users`: lines of hostapd.eap_user."""
    work = lab.work_dir / "hostapd"
    work.mkdir(exist_ok=True)
    (work / "users").write_text(users)
    (work / "clients").write_text(f"198.51.100.0/24 {SECRET}\n")
    files = {what: certificates.file(what, "server") for what in ("ca", "cert", "key")}
    (work / "hostapd.conf").write_text(CONFIG.format(work=work, **files))
    log = work / "log"
    with open(log, "w") as output:
        process = subprocess.Popen(lab.command("adit-core", "hostapd", "-d", work / "hostapd.conf"), stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while "AP-ENABLED" not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise LabError("hostapd does not serve\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]))
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()
