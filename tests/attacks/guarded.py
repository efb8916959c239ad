"""A gateway that asks for proofs, and a partner who has them: what is stolen, forged or sent again in attacks.

ProcessBilling asks for a signature, the subprocess for a user name; published documents for either.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from tests.acceptance.answers import ADD, BILLING
from tests.acceptance.processes import o2c
from tests.attacks.wire import post
from tests.security.envelopes import Message, Partner, by_id, digest_token, security

USER, PASSWORD = "osm", "correct horse"
_SUBPROCESS = (
    '<sub:ProcessFulfillmentOrderBillingBRMCommsSubprocessMessage xmlns:sub="http://xmlns.oracle.com/'
    'ProcessFulfillmentOrderBillingBRMCommsSubprocess">{}<sub:XREFPopulate/><sub:XREFDelete/>'
    "</sub:ProcessFulfillmentOrderBillingBRMCommsSubprocessMessage>"
)
_SETTINGS = f"""[security]
secret_key = "{{key}}"
[security.services]
{BILLING} = "signature"
{ADD} = "username"
[publishing]
authenticate = true
"""


@dataclass(frozen=True)
class Guarded:
    """What the partner has: a key that the gateway knows, and a password."""

    directory: Path
    partner: Partner = field(
        default_factory=lambda: Partner.of(
            trustme.CA().issue_cert("osm.example", common_name=USER, key_type=trustme.KeyType.RSA)
        )
    )
    stranger: Partner = field(default_factory=lambda: Partner.of(trustme.CA().issue_cert("osm.example")))

    def prepare(self, env: Mapping[str, str]) -> dict[str, str]:
        """Write the settings and make the user known; the environment of the gateway."""
        config, certificate = self.directory / "guarded.toml", self.directory / "osm.pem"
        config.write_text(_SETTINGS.format(key=Fernet.generate_key().decode()), encoding="utf-8")
        certificate.write_bytes(self.partner.certificate.public_bytes(Encoding.PEM))
        known = {**env, "O2C_CONFIG": str(config)}
        asked = ("user", "add", USER, "--certificate", str(certificate), "--password-file", "-", "--digest")
        added = o2c(*asked, env=known, cwd=self.directory, given=f"{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        return known

    def request(self, path: str, order: str) -> bytes:
        """Write a request as the partner would."""
        message = Message(body=order, created=datetime.now(UTC), signer=self.partner)
        return post(path, message.xml())

    def pieces(self, order: str) -> dict[str, str]:
        """Give pieces of a signed message, and tokens, to forge others of."""
        now = datetime.now(UTC)
        genuine = Message(body=order, created=now, signer=self.partner).tree()
        header = security(genuine)
        elements = {"security": header, "signed_body": by_id(genuine, "B-1"), "timestamp": by_id(genuine, "TS-1")}
        elements |= {"token": by_id(genuine, "X509-1"), "signature": header[-1]}
        expired = Message(body=order, created=now - timedelta(hours=1), signer=self.partner).tree()
        excluded = Message(body=order, created=now, signer=self.partner, signed=["TS-1"]).tree()
        elements |= {"expired": expired, "without_body": excluded}
        elements["of_a_stranger"] = Message(body=order, created=now, signer=self.stranger).tree()
        texts = {name: etree.tostring(each, encoding="unicode", with_tail=False) for name, each in elements.items()}
        return (
            texts | {"evil": order.replace("10001", "stolen"), "subprocess": _SUBPROCESS.format(order)} | _tokens(now)
        )


def _tokens(now: datetime) -> dict[str, str]:
    nonce = secrets.token_bytes(16)
    return {
        "digest_token": digest_token(nonce, now).xml(),
        "old_digest_token": digest_token(nonce, now - timedelta(hours=1)).xml(),
        "now": now.isoformat(timespec="seconds"),
    }
