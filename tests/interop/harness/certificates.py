# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for one case, a server's and a client's certificate of it."""
import contextlib
import shutil
import subprocess


class Certificates:
    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority",
                      "-keyout", "ca.key", "-out", "ca.pem")
        # pppd holds a server's name against the one that it was told to expect.
        for name, subject, usage in (("server", "adit", "serverAuth"), ("client", "client", "clientAuth")):
            self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={subject}", "-keyout", f"{name}.key",
                          "-out", f"{name}.csr")
            (directory / f"{name}.ext").write_text(f"extendedKeyUsage={usage}\nsubjectAltName=DNS:{subject}\n")
            self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                          "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

    def file(self, what, owner):
        """`what` as pppd's options call it: ca, cert, key."""
        return self.directory / {"ca": "ca.pem", "cert": f"{owner}.pem", "key": f"{owner}.key"}[what]

    def options(self, guest, owner="client"):
        """pppd's options for them, in the guest."""
        words = []
        for option in ("ca", "cert", "key"):
            file = self.file(option, owner)
            (guest.job_dir / file.name).write_bytes(file.read_bytes())
            words += [option, f"/mnt/job/{file.name}"]
        return words


@contextlib.contextmanager
def certificates(lab):
    directory = lab.work_dir / "certificates"
    try:
        yield Certificates(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
