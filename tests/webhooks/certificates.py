"""Certificates of an authority of the tests' own, made by the command `openssl`."""

import ssl
import subprocess
from pathlib import Path


def server_context(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a certificate of that name, signed by the authority in `folder / "ca.pem"`."""
    key, request, certificate, extensions = (folder / f"{name}.{end}" for end in ("key", "csr", "pem", "ext"))
    authority, authority_key = folder / "ca.pem", folder / "ca.key"
    if not authority.exists():
        _openssl(
            f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout {authority_key} -out {authority} "
            "-addext keyUsage=critical,keyCertSign,cRLSign"
        )
    extensions.write_text(f"subjectAltName=DNS:{name}\nauthorityKeyIdentifier=keyid\n")
    _openssl(f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {key} -out {request}")
    _openssl(
        f"x509 -req -in {request} -CA {authority} -CAkey {authority_key} -CAcreateserial -days 2 -out {certificate} "
        f"-extfile {extensions}"
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _openssl(arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True)
