# SPDX-License-Identifier: Apache-2.0
"""A real FreeRADIUS in the lab's core namespace, with its own configuration and nothing of the machine's."""
import contextlib
import re
import subprocess
import time

from harness.lab import CORE, LabError

SECRET = "a secret of the lab's"
# FreeRADIUS needs line breaks after and before braces. @NAME@ is replaced.
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
client first {
  ipaddr = 198.51.100.0/24
  secret = "@SECRET@"
  require_message_authenticator = yes
}
client second {
  ipaddr = 203.0.113.0/24
  secret = "@SECRET@"
  require_message_authenticator = yes
}
instantiate {
  expr
}
modules {
  expr {
    safe_characters = "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /"
  }
  pap {
  }
  chap {
  }
  mschap {
    use_mppe = yes
  }
@EAP_MODULE@
  files {
    filename = @WORK@/users
  }
  linelog lines {
    filename = @WORK@/accounting
    format = "%{Acct-Status-Type} %{Acct-Session-Id} %{User-Name} %{%{Acct-Input-Octets}:-0} %{%{Acct-Output-Octets}:-0} %{%{Acct-Terminate-Cause}:--} %{%{Class}:--} %{%{Framed-IPv6-Prefix}:--}"
  }
@SQL_MODULES@
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
@EAP@
    chap
    mschap
    pap
  }
  preacct {
    update request {
      Acct-Unique-Session-Id := "%{md5:%{User-Name} %{Acct-Session-Id} %{NAS-Identifier} %{NAS-IP-Address}}"
    }
  }
  session {
@SQL@
  }
  post-auth {
@SQLIPPOOL@
    # A refusal of `session` has lost what authorize had put into the reply.
    Post-Auth-Type REJECT {
      update reply {
        Reply-Message !* ANY
        Message-Authenticator := 0x00
      }
    }
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
@EAP@
  }
  accounting {
    lines
@SQL@
@SQLIPPOOL@
  }
}
@INNER@
"""
# FreeRADIUS's own queries, except one: a user gets the last address back, whatever the NAS, if nobody has it
# now.
SQL_MODULES = """
  sql {
    driver = "rlm_sql_postgresql"
    dialect = "postgresql"
    server = "@SOCKET@"
    login = "postgres"
    radius_db = "postgres"
    acct_table1 = "radacct"
    acct_table2 = "radacct"
    postauth_table = "radpostauth"
    authcheck_table = "radcheck"
    groupcheck_table = "radgroupcheck"
    authreply_table = "radreply"
    groupreply_table = "radgroupreply"
    usergroup_table = "radusergroup"
    client_table = "nas"
    group_attribute = "SQL-Group"
    pool {
      start = 4
      min = 4
      max = 16
      spare = 4
      uses = 0
      lifetime = 0
      idle_timeout = 0
      retry_delay = 1
    }
    $INCLUDE /etc/freeradius/3.0/mods-config/sql/main/postgresql/queries.conf
  }
  sqlippool {
    sql_module_instance = "sql"
    dialect = "postgresql"
    pool_name = "Pool-Name"
    ippool_table = "radippool"
    lease_duration = 3600
    allocate_clear_timeout = 1
    attribute_name = Framed-IP-Address
    req_attribute_name = Framed-IP-Address
    pool_key = "%{NAS-Port}"
    skip_locked = "SKIP LOCKED"
    allocate_existing = "WITH cte AS (SELECT framedipaddress FROM ${ippool_table} WHERE pool_name = '%{control:${pool_name}}' AND username = '%{SQL-User-Name}' AND expiry_time < 'now'::timestamp(0) ORDER BY expiry_time DESC LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE ${ippool_table} SET nasipaddress = '%{NAS-IP-Address}', pool_key = '${pool_key}', callingstationid = '%{Calling-Station-Id}', username = '%{SQL-User-Name}', expiry_time = 'now'::timestamp(0) + '${lease_duration} second'::interval FROM cte WHERE cte.framedipaddress = ${ippool_table}.framedipaddress RETURNING cte.framedipaddress"
    $INCLUDE /etc/freeradius/3.0/mods-config/sql/ippool/postgresql/queries.conf
  }
"""


# @METHOD@ is offered first.
EAP_MODULE = """
  eap {
    default_eap_type = @METHOD@
    timer_expire = 60
    max_sessions = 256
    tls-config tls-common {
      private_key_file = @KEY@
      certificate_file = @CERT@
      ca_file = @CA@
      tls_min_version = "1.2"
      tls_max_version = "1.2"
      ecdh_curve = "prime256v1"
    }
    tls {
      tls = tls-common
    }
    mschapv2 {
    }
    peap {
      tls = tls-common
      default_eap_type = mschapv2
      virtual_server = inner
    }
    ttls {
      tls = tls-common
      default_eap_type = mschapv2
      virtual_server = inner
    }
  }
"""
# What PEAP and TTLS carry within TLS.
INNER = """
server inner {
  authorize {
    files
    eap
    mschap
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type MS-CHAP {
      mschap
    }
    eap
  }
}
"""


def eap_module(certificates, method):
    """The module for Server, with a server's certificate."""
    text = EAP_MODULE.replace("@METHOD@", method)
    for name, what in {"@KEY@": "key", "@CERT@": "cert", "@CA@": "ca"}.items():
        text = text.replace(name, str(certificates.file(what, "server")))
    return text


class Server:
    """With `database`, a Postgres, it also does accounting, counts sessions, and gives addresses from its pools. With `eap`, an eap_module(),
    it has EAP's methods."""

    def __init__(self, lab, users, database=None, eap=""):
        self.lab, self.work = lab, lab.work_dir / "radius"
        self.work.mkdir(exist_ok=True)
        (self.work / "radius.log").unlink(missing_ok=True)
        (self.work / "accounting").unlink(missing_ok=True)
        (self.work / "users").write_text(users)
        filled = {"@SQL_MODULES@": SQL_MODULES if database else "", "@SQL@": "sql" if database else "",
                  "@SQLIPPOOL@": "sqlippool" if database else "", "@SOCKET@": str(database.work) if database else "",
                  "@EAP_MODULE@": eap, "@EAP@": "    eap" if eap else "", "@INNER@": INNER if eap else "",
                  "@WORK@": str(self.work), "@SECRET@": SECRET, "@CORE@": CORE}
        text = CONFIG
        for name, value in filled.items():
            text = text.replace(name, value)
        (self.work / "radiusd.conf").write_text(text)
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
        """Like a power cut."""
        self.process.kill()
        self.process.wait()

    def log(self):
        path = self.work / "radius.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def accounting(self):
        """Rows of status, session, user, input octets, output octets, terminate cause, class, IPv6 prefix."""
        path = self.work / "accounting"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


@contextlib.contextmanager
def freeradius(lab, users, database=None, eap=""):
    server = Server(lab, users, database, eap)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def config(backend="radius", **more):
    """Settings with which aditd uses it."""
    return {"auth": {"methods": ["mschap-v2", "mschap-v1", "chap-md5", "pap"], "backend": backend},
            "ppp": {"mppe": "prefer"},
            "radius": {"timeout": "500ms", "max-try": 2, "max-fail": 2, "dead-time": "3s", "spool": "", **more},
            "radius-server": [{"name": "lab", "address": CORE, "secret": SECRET}],
            "dae-client": [{"name": "desk", "address": CORE, "secret": SECRET}]}


def radclient(world, request, *lines, secret=SECRET):
    """aditd's answer to a "disconnect" or "coa", for example "Disconnect-NAK 503"; "nothing" if none within a second."""
    text = "\n".join(["Message-Authenticator = 0x00", *lines]) + "\n"
    run = subprocess.run(
        world.lab.command("adit-core", "radclient", "-x", "-r", "1", "-t", "1", "198.51.100.1:3799", request, secret),
        input=text, capture_output=True, text=True, check=False, timeout=20)
    answer = re.search(r"Received ((?:Disconnect|CoA)-[A-Z]+)", run.stdout)
    cause = re.search(r"Error-Cause = (\S+)", run.stdout[answer.end():] if answer else "")
    return (answer[1] + (f" {cause[1]}" if cause else "")) if answer else "nothing"
