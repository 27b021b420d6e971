# SPDX-License-Identifier: Apache-2.0
"""A real FreeRADIUS in the lab's core namespace, with a configuration of its own and none of the machine's."""
import contextlib
import re
import subprocess
import time

from harness.lab import CORE, LabError

SECRET = "a secret of the lab's"
# FreeRADIUS wants what is in braces on lines of its own. @NAME@ is filled in.
CONFIG = """
prefix = /usr
libdir = /usr/lib/freeradius
logdir = @WORK@
run_dir = @WORK@
db_dir = @WORK@
name = radius
pidfile = @WORK@/radius.pid
max_requests = 65536
log {
  destination = files
  file = @WORK@/radius.log
}
security {
  reject_delay = 0
  status_server = yes
}
thread pool {
  start_servers = 4
  max_servers = 16
  min_spare_servers = 1
  max_spare_servers = 8
  max_requests_per_server = 0
}
client adit {
  ipaddr = 198.51.100.1
  secret = "@SECRET@"
  require_message_authenticator = yes
}
modules {
  pap {
  }
  chap {
  }
  mschap {
    use_mppe = yes
  }
  files {
    filename = @WORK@/users
  }
  linelog lines {
    filename = @WORK@/accounting
    format = "%{Acct-Status-Type} %{Acct-Session-Id} %{User-Name} %{%{Acct-Input-Octets}:-0} %{%{Acct-Output-Octets}:-0} %{%{Acct-Terminate-Cause}:--} %{%{Class}:--}"
  }
}
server default {
  listen {
    type = auth
    ipaddr = @CORE@
    port = 1812
  }
  listen {
    type = acct
    ipaddr = @CORE@
    port = 1813
  }
  authorize {
    # First, so that it is the first attribute of the reply: this version does not see to that itself.
    update reply {
      Message-Authenticator := 0x00
    }
    files
    chap
    mschap
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type CHAP {
      chap
    }
    Auth-Type MS-CHAP {
      mschap
    }
  }
  accounting {
    lines
  }
}
"""


class Server:
    def __init__(self, world, users):
        self.lab, self.work = world.lab, world.lab.work_dir / "radius"
        self.work.mkdir(exist_ok=True)
        (self.work / "radius.log").unlink(missing_ok=True)
        (self.work / "accounting").unlink(missing_ok=True)
        (self.work / "users").write_text(users)
        (self.work / "radiusd.conf").write_text(CONFIG.replace("@WORK@", str(self.work)).replace("@SECRET@", SECRET).replace("@CORE@", CORE))
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.lab.command("adit-core", "freeradius", "-f", "-d", self.work, "-n", "radiusd", "-D", "/usr/share/freeradius"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + 20
        while "Ready to process requests" not in self.log():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LabError(f"FreeRADIUS does not come up:\n{self.process.stdout.read().decode()}\n{self.log()}")
            time.sleep(0.05)

    def stop(self):
        """As a power cut."""
        self.process.kill()
        self.process.wait()

    def log(self):
        path = self.work / "radius.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def accounting(self):
        """Rows of status, session, user, input octets, output octets, terminate cause, class."""
        path = self.work / "accounting"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


@contextlib.contextmanager
def freeradius(world, users):
    server = Server(world, users)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def config(backend="radius", **more):
    """aditd asks it."""
    return {"auth": {"methods": ["mschap-v2", "mschap-v1", "chap-md5", "pap"], "backend": backend},
            "ppp": {"mppe": "prefer"},
            "radius": {"timeout": "500ms", "max-try": 2, "max-fail": 2, "dead-time": "3s", "spool": "", **more},
            "radius-server": [{"name": "lab", "address": CORE, "secret": SECRET}],
            "dae-client": [{"name": "desk", "address": CORE, "secret": SECRET}]}


def radclient(world, request, *lines, secret=SECRET):
    """What aditd answers to a "disconnect" or "coa", for example "Disconnect-NAK 503"; "nothing" within a second."""
    text = "\n".join(["Message-Authenticator = 0x00", *lines]) + "\n"
    run = subprocess.run(
        world.lab.command("adit-core", "radclient", "-x", "-r", "1", "-t", "1", "198.51.100.1:3799", request, secret),
        input=text, capture_output=True, text=True, check=False, timeout=20)
    answer = re.search(r"Received ((?:Disconnect|CoA)-[A-Z]+)", run.stdout)
    cause = re.search(r"Error-Cause = (\S+)", run.stdout[answer.end():] if answer else "")
    return (answer[1] + (f" {cause[1]}" if cause else "")) if answer else "nothing"
