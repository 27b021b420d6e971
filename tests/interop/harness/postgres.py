# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL for the lab's FreeRADIUS: data and socket in the work directory, no port."""
import contextlib
import pathlib
import shutil
import subprocess
import time

from harness.lab import LabError

SCHEMAS = [f"/etc/freeradius/3.0/mods-config/sql/{part}/postgresql/schema.sql" for part in ("main", "ippool")]
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")  # it refuses to be root


def program(name):
    """Debian keeps each version's programs in a separate directory."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise LabError(f"no {name} below /usr/lib/postgresql: run scripts/deps test")
    return str(found[-1])


class Postgres:
    def __init__(self, lab):
        self.lab, self.work = lab, lab.work_dir / "postgres"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        shutil.chown(self.work, "postgres", "postgres")
        self.process = None
        self._run(*AS_POSTGRES, program("initdb"), "-D", self.work / "data", "-A", "trust", "-U", "postgres",
                  "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")

    def start(self):
        with open(self.work / "log", "a") as log:
            self.process = subprocess.Popen(
                self.lab.command("adit-core", *AS_POSTGRES, program("postgres"), "-D", self.work / "data", "-k", self.work,
                                 "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=64"),
                cwd=self.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 20
        while subprocess.run([program("pg_isready"), "-q", "-h", self.work], check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LabError(f"PostgreSQL does not come up:\n{(self.work / 'log').read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self):
        """SIGQUIT: work in progress is cut off, and recovered at the next start."""
        self.process.send_signal(3)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def make_tables(self, pool, first, last):
        """FreeRADIUS's own schema, and a pool of addresses 10.90.x.y."""
        for schema in SCHEMAS:
            self._run(program("psql"), "-q", "-h", self.work, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-f", schema)
        self.rows(f"insert into radippool (pool_name, framedipaddress, expiry_time) "
                  f"select '{pool}', '10.90.0.0'::inet + n, now() - interval '1 day' + n * interval '1 second' "
                  f"from generate_series({first}, {last}) n")

    def rows(self, statement):
        """The result of a statement, as lists of text."""
        text = self._run(program("psql"), "-q", "-A", "-t", "-F", "\t", "-h", self.work, "-U", "postgres", "-c", statement)
        return [line.split("\t") for line in text.splitlines()]

    def value(self, statement):
        return self.rows(statement)[0][0]

    @staticmethod
    def _run(*command):
        done = subprocess.run([str(word) for word in command], cwd="/", capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise LabError(f"{command[0]} exited with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


@contextlib.contextmanager
def postgres(lab, pool="main", first=2, last=4000):
    database = Postgres(lab)
    database.start()
    try:
        database.make_tables(pool, first, last)
        yield database
    finally:
        database.stop()
