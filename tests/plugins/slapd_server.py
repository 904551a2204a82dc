"""A real OpenLDAP server that the tests start and stop themselves: loopback, its own folder.

Its schema holds what the tests' entries use of EOLE Scribe's and the ministry's SDET.
"""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import trustme

from scripts import tools
from tests.plugins.redis_server import HOST, free_port

SUFFIX = "o=gouv,c=fr"
READER = f"cn=reader,{SUFFIX}"
LIMITED = f"cn=limited,{SUFFIX}"
"""An account that the server gives 20 entries in all."""
PASSWORD = "correct-horse-battery"
_STRINGS = (
    "ENTPersonJointure ENTPersonLogin ENTPersonNomPatro ENTPersonAutresPrenoms ENTPersonProfils "
    "ENTPersonDateNaissance ENTEleveINE ENTEleveClasses ENTPersonStructRattach ESCOUAICourant "
    "Divcod Ine Elenoet dateNaissance"
).split()
_CLASSES = "ENTPerson ENTEleve ENTAuxEnseignant ENTAuxPersRelEleve Eleves".split()


class SlapdServer:
    """One server process with plain LDAP (and StartTLS) on one port, LDAPS on another."""

    def __init__(self, folder: Path, names: tuple[str, ...] = (HOST, "localhost")) -> None:
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.port = self.tls_port = 0
        self._process: subprocess.Popen[bytes] | None = None
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        certificate = authority.issue_cert(*names)
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        for index, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(str(folder / "cert.pem"), append=index > 0)

    def start(self, ldif: str) -> SlapdServer:
        """Load the entries and serve them, 20 at once and unpaged."""
        program = tools.find("slapd") or "slapd"
        (self.folder / "slapd.conf").write_text(self._settings(program))
        (self.folder / "data").mkdir()
        (self.folder / "data.ldif").write_text(_root_entries() + ldif, encoding="utf-8")
        config = ("-f", str(self.folder / "slapd.conf"))
        # slapd knows by the name it is called by that it shall load; -T says the same.
        subprocess.run(
            [program, "-T", "add", "-q", *config, "-l", str(self.folder / "data.ldif")],
            check=True,
            capture_output=True,
            timeout=60,
        )
        for _ in range(5):
            self.port, self.tls_port = free_port(), free_port()
            urls = f"ldap://{HOST}:{self.port} ldaps://{HOST}:{self.tls_port}"
            self._process = subprocess.Popen(
                [program, "-d", "0", "-h", urls, *config],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers(self._process):
                return self
            self.stop()
        raise RuntimeError("slapd did not start")

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _settings(self, program: str) -> str:
        tree = tools.TREES / "slapd"
        root = tree if tree.exists() and program.startswith(str(tools.BIN)) else Path("/")
        schemas = next(
            p for p in (root / "etc/ldap/schema", Path("/etc/openldap/schema")) if p.exists()
        )
        own = self.folder / "preau.schema"
        own.write_text(_schema(), encoding="utf-8")
        lines = [f"include {schemas / name}.schema" for name in ("core", "cosine", "inetorgperson")]
        module = root / "usr/lib/ldap"
        return "\n".join(
            [
                *lines,
                f"include {own}",
                *([f"modulepath {module}", "moduleload back_mdb"] if module.exists() else []),
                f"TLSCACertificateFile {self.ca}",
                f"TLSCertificateFile {self.folder / 'cert.pem'}",
                f"TLSCertificateKeyFile {self.folder / 'key.pem'}",
                "database mdb",
                f'suffix "{SUFFIX}"',
                f'rootdn "cn=admin,{SUFFIX}"',
                f"directory {self.folder / 'data'}",
                "maxsize 67108864",
                "sizelimit size.soft=20 size.hard=20 size.prtotal=unlimited",
                f'limits dn.exact="{LIMITED}" size.prtotal=20',
                "access to attrs=userPassword by anonymous auth by * none",
                f'access to * by dn.exact="{READER}" read by dn.exact="{LIMITED}" read by * none',
                "",
            ]
        )

    def _answers(self, process: subprocess.Popen[bytes], seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            try:
                for port in (self.port, self.tls_port):
                    socket.create_connection((HOST, port), timeout=1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False


def _schema() -> str:
    kinds = "\n".join(
        f"attributetype ( 1.3.6.1.4.1.99999.1.{number} NAME '{name}' "
        f"EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch "
        f"SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"
        for number, name in enumerate(_STRINGS, start=1)
    )
    may = " $ ".join(_STRINGS)
    classes = "\n".join(
        f"objectclass ( 1.3.6.1.4.1.99999.2.{number} NAME '{name}' AUXILIARY MAY ( {may} ) )"
        for number, name in enumerate(_CLASSES, start=1)
    )
    return f"{kinds}\n{classes}\n"


def _root_entries() -> str:
    accounts = (
        f"dn: {dn}\nobjectClass: person\nsn: x\nuserPassword: {PASSWORD}\n\n"
        for dn in (READER, LIMITED)
    )
    return f"dn: {SUFFIX}\nobjectClass: organization\no: gouv\n\n" + "".join(accounts)
