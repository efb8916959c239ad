"""The recipe for nginx, run as it stands in deploy/nginx: real nginx, real TLS, the real gateway behind it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme
import zeep

from gateway.bootstrap import build
from gateway.config import GatewaySettings, PublishingSettings, Settings
from soapkit.server import running
from tests.publishing.programs import program, started
from tests.serving.servers import spare_port

RECIPE = Path(__file__).parents[2] / "deploy" / "nginx"
PATH = "/services/ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer"
_MAIN = """
daemon off;
master_process off;
pid {here}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {here}/body;
    proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi;
    scgi_temp_path {here}/scgi;
    include {here}/conf.d/*.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """The gateway behind nginx."""

    port: int
    old_tls_port: int
    authority: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def session(self) -> requests.Session:
        session = requests.Session()
        session.verify = str(self.authority)
        session.trust_env = False
        return session

    def curl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program("curl", "curl"), "-sS", "--noproxy", "*", "--cacert", str(self.authority), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    nginx = program("nginx", "nginx-light")
    here = tmp_path_factory.mktemp("nginx")
    settings = Settings(
        gateway=GatewaySettings(database=f"sqlite:///{here}/gateway.db"),
        publishing=PublishingSettings(trusted_proxies=("127.0.0.1",)),
    )
    gateway = build(settings)
    try:
        with running(lambda _: gateway.application()) as backend:
            found = _written(here, backend)
            with started([nginx, "-p", str(here), "-c", f"{here}/nginx.conf"], found.port, here / "said"):
                yield found
    finally:
        gateway.close()


def _written(here: Path, backend: str) -> Site:
    port, old_tls_port = spare_port(), spare_port()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    certificate.cert_chain_pems[0].write_to_path(here / "certificate.pem")
    certificate.private_key_pem.write_to_path(here / "key.pem")
    authority.cert_pem.write_to_path(here / "authority.pem")
    yours = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 8443 ssl": f"listen 127.0.0.1:{old_tls_port} ssl",
        "server_name o2c.example": "server_name localhost",
        "/etc/nginx/o2c/": f"{here}/",
        "server 127.0.0.1:8080": f"server {backend.removeprefix('http://')}",
    }
    (here / "conf.d").mkdir()
    for recipe in RECIPE.iterdir():
        text = recipe.read_text()
        for before, after in yours.items():
            text = text.replace(before, after)
        (here / ("conf.d" if recipe.suffix == ".conf" else ".") / recipe.name).write_text(text)
    (here / "nginx.conf").write_text(_MAIN.format(here=here))
    return Site(port, old_tls_port, here / "authority.pem")


def test_the_published_address_is_that_of_the_proxy(site: Site) -> None:
    session = site.session()
    for query in ("?wsdl", "?singleWsdl", ""):
        text = session.get(f"{site.url}{PATH}{query}").text
        assert f"{site.url}{PATH}" in text
        assert "http://127.0.0.1" not in text
    listed = session.get(f"{site.url}/services/?format=json").json()["services"]
    assert {each["address"].startswith(f"{site.url}/services/") for each in listed} == {True}


def test_no_client_can_make_it_say_another_address(site: Site) -> None:
    evil = {f"X-Forwarded-{name}": "evil.example" for name in ("Host", "Prefix", "For")}
    evil |= {"Host": "evil.example", "Forwarded": "proto=http;host=evil.example", "X-Forwarded-Proto": "http"}
    session = site.session()

    assert session.get(f"{site.url}{PATH}?wsdl", headers=evil).text == session.get(f"{site.url}{PATH}?wsdl").text


def test_a_client_generated_from_the_proxys_wsdl_calls_through_the_proxy(site: Site) -> None:
    transport = zeep.Transport(session=site.session())  # type: ignore[no-untyped-call] # zeep is untyped
    client = zeep.Client(f"{site.url}{PATH}?wsdl", transport=transport)  # type: ignore[no-untyped-call] # same

    client.service.Consume_Message(
        EBMHeader={"EBMID": "ebm-1", "Sender": {"ID": "OSMCFS_01"}, "Target": {"ID": "BRM_01"}},
        DataArea={
            "ProcessFulfillmentOrderBilling": {
                "Identification": {"BusinessComponentID": "order-1"},
                "CustomerPartyReference": {"CustomerPartyAccountIdentification": {"BusinessComponentID": "account-1"}},
            }
        },
    )

    (port,) = next(iter(client.wsdl.services.values())).ports.values()
    assert port.binding_options["address"] == f"{site.url}{PATH}"


def test_what_is_too_large_is_refused_before_the_gateway_hears_of_it(site: Site) -> None:
    answer = site.session().post(f"{site.url}{PATH}", data=b" " * (11 * 1024 * 1024))

    assert (answer.status_code, "nginx" in answer.text) == (413, True)


def test_old_tls_is_spoken_at_its_own_door_only(site: Site) -> None:
    old = ("--tlsv1.0", "--tls-max", "1.0", "--ciphers", "DEFAULT@SECLEVEL=0", "-o", "/dev/null", "-w", "%{http_code}")

    new_door = site.curl(*old, f"{site.url}{PATH}?wsdl")
    old_door = site.curl(*old, f"https://localhost:{site.old_tls_port}{PATH}?wsdl")
    modern = site.curl("--tlsv1.2", "-o", "/dev/null", "-w", "%{http_code}", f"{site.url}{PATH}?wsdl")

    assert (new_door.returncode != 0, new_door.stdout) == (True, "000")
    assert (old_door.stdout, old_door.stderr) == ("200", "")
    assert modern.stdout == "200"
