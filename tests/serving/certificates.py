"""Certificates made for a test."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """A certificate authority with files of a server and of a client of its own, and of a stranger's client."""

    directory: Path

    @classmethod
    def made(cls, directory: Path) -> Authority:
        ours, theirs = trustme.CA(), trustme.CA()
        ours.cert_pem.write_to_path(directory / "authority.pem")
        server = ours.issue_cert("127.0.0.1")
        server.private_key_pem.write_to_path(directory / "key.pem")
        (directory / "certificate.pem").write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
        for name, authority in (("known", ours), ("stranger", theirs)):
            client = authority.issue_cert(f"{name}@client.example")
            client.private_key_and_cert_chain_pem.write_to_path(directory / f"{name}.pem")
        return cls(directory)

    def settings(self, **more: str) -> dict[str, str]:
        files = {"certificate": "certificate.pem", "key": "key.pem", "client_authority": "authority.pem"}
        return {name: str(self.directory / file) for name, file in files.items()} | more

    def client(self, certificate: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.directory / "authority.pem"))
        if certificate:
            context.load_cert_chain(self.directory / f"{certificate}.pem")
        return context
