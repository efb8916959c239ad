"""Users, tokens seen and guesses, in both databases and in memory: one suite for all who keep them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.callers import StoredGuesses, StoredReplays, StoredUsers
from gateway.adapters.vault import Vault, new_key
from gateway.admin.users import UserDesk, Wrong, of_certificate, of_subject
from gateway.errors import GatewayError
from gateway.store.unit_of_work import SqlDatabase
from soapkit.faults import Refused
from soapkit.wss import trust
from soapkit.wss.memory import MemoryGuesses, MemoryReplays
from soapkit.wss.passwords import Passwords
from soapkit.wss.ports import Crowded, Guesses, Ladder, Replays
from soapkit.wss.throttle import Throttle
from tests.doubles.clock import FakeClock
from tests.security.envelopes import NOW, Partner

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LADDER = Ladder(free=2, first=SECOND, longest=timedelta(seconds=8), memory=HOUR)


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(new_key())


@pytest.fixture
def desk(database: SqlDatabase, vault: Vault) -> UserDesk:
    return UserDesk(database, FakeClock(), vault)


@pytest.fixture
def users(database: SqlDatabase, vault: Vault) -> StoredUsers:
    return StoredUsers(database, vault)


def _kept(request: pytest.FixtureRequest) -> SqlDatabase | None:
    if request.param == "memory":
        return None
    url = f"sqlite:///{request.getfixturevalue('tmp_path') / 'callers.db'}"
    return SqlDatabase(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def replays(request: pytest.FixtureRequest) -> Iterator[Replays]:
    database = _kept(request)
    yield MemoryReplays(3) if database is None else StoredReplays(database, 3)
    if database is not None:
        database.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def guesses(request: pytest.FixtureRequest) -> Iterator[Guesses]:
    database = _kept(request)
    yield MemoryGuesses(most=50) if database is None else StoredGuesses(database, most=50)
    if database is not None:
        database.close()


# ---- users


def test_a_user_is_found_by_name_with_roles_and_a_password_that_fits(desk: UserDesk, users: StoredUsers) -> None:
    desk.add("osm", password="correct horse", roles=["orders", "billing"])
    found = users.find("osm")
    assert found is not None
    assert (found.name, found.roles) == ("osm", frozenset({"orders", "billing"}))
    assert users.secret(found) is None
    assert Passwords().right("correct horse", found.password_hash)
    assert users.find("OSM") is None


def test_a_certificate_stands_for_one_user(desk: UserDesk, users: StoredUsers, partner: Partner) -> None:
    certificate = of_certificate(partner.certificate)
    desk.add("osm", certificates=[certificate, of_subject("O = Example, CN=osm")])
    by_print, by_subject = (
        users.of_certificate(trust.fingerprint(partner.certificate)),
        users.of_subject("O=Example,CN=osm"),
    )
    assert by_print is not None
    assert by_subject is not None
    assert (by_print.name, by_subject.name, by_print.password_hash) == ("osm", "osm", None)
    with pytest.raises(Wrong, match="stands for another one"):
        desk.add("crm", certificates=[certificate])
    assert [user.name for user in desk.users()] == ["osm"]


def test_more_certificates_may_be_added(desk: UserDesk, partner: Partner, elliptic: Partner) -> None:
    desk.add("osm", certificates=[of_certificate(partner.certificate)])
    desk.add_certificates("osm", [of_certificate(partner.certificate), of_certificate(elliptic.certificate)])
    assert len(desk.users()[0].certificates) == 2
    assert desk.users()[0].certificates[0].expires_at == partner.certificate.not_valid_after_utc


def test_a_secret_for_digests_is_kept_encrypted(desk: UserDesk, users: StoredUsers, database: SqlDatabase) -> None:
    desk.add("osm", password="correct horse", digest=True)
    with database.read() as work:
        kept = work.users.get("osm")
    found = users.find("osm")
    assert kept is not None
    assert found is not None
    assert b"correct horse" not in (kept.secret or b"")
    assert users.secret(found) == "correct horse"


def test_without_a_key_there_are_no_digests(database: SqlDatabase) -> None:
    desk = UserDesk(database, FakeClock(), Vault(None))
    with pytest.raises(GatewayError, match=r"needs security\.secret_key"):
        desk.add("osm", password="correct horse", digest=True)
    assert desk.users() == []


def test_a_changed_password_ends_the_digest_of_the_old_one(desk: UserDesk, users: StoredUsers) -> None:
    desk.add("osm", password="correct horse", digest=True)
    desk.set_password("osm", "battery staple", digest=False)
    found = users.find("osm")
    assert found is not None
    assert (users.secret(found), Passwords().right("correct horse", found.password_hash)) == (None, False)


def test_roles_are_replaced(desk: UserDesk) -> None:
    desk.add("osm", password="correct horse", roles=["orders"])
    desk.set_roles("osm", ["billing"])
    assert desk.users()[0].roles == {"billing"}


def test_a_removed_user_is_a_stranger_and_their_certificate_is_free(
    desk: UserDesk, users: StoredUsers, partner: Partner
) -> None:
    desk.add("osm", certificates=[of_certificate(partner.certificate)])
    desk.remove("osm")
    assert users.find("osm") is None
    desk.add("crm", certificates=[of_certificate(partner.certificate)])


@pytest.mark.parametrize("name", ["", " osm", "osm ", "o:m", "o\nm", "x" * 257])
def test_names_that_http_basic_cannot_carry_are_refused(desk: UserDesk, name: str) -> None:
    with pytest.raises(Wrong, match="a user's name"):
        desk.add(name, password="correct horse")


def test_what_makes_no_sense_is_refused(desk: UserDesk) -> None:
    desk.add("osm", password="correct horse")
    with pytest.raises(Wrong, match="there is a user osm already"):
        desk.add("osm", password="correct horse")
    with pytest.raises(Wrong, match="8 to 1024 characters"):
        desk.add("crm", password="short")
    with pytest.raises(Wrong, match="needs a password, a certificate"):
        desk.add("crm")
    with pytest.raises(Wrong, match="a role's name"):
        desk.set_roles("osm", ["a b"])
    with pytest.raises(Wrong, match="no subject"):
        of_subject("nonsense")
    for missing in (desk.remove, lambda name: desk.set_roles(name, []), lambda name: desk.add_certificates(name, [])):
        with pytest.raises(Wrong, match="there is no user nobody"):
            missing("nobody")


def test_a_key_that_is_too_short_is_no_proof() -> None:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
    name = x509.Name.from_rfc4514_string("CN=old")
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + HOUR).sign(key, hashes.SHA256())
    with pytest.raises(Wrong, match="too short"):
        of_certificate(made)


# ---- tokens seen


def test_a_token_is_new_once(replays: Replays) -> None:
    assert [replays.remember("a" * 64, NOW, NOW + HOUR) for _ in range(2)] == [True, False]
    assert replays.remember("b" * 64, NOW, NOW + HOUR)


def test_there_is_room_for_so_many_until_some_are_too_old_to_pass(replays: Replays) -> None:
    for number in range(3):
        assert replays.remember(f"{number:064}", NOW, NOW + HOUR)
    with pytest.raises(Crowded):
        replays.remember("f" * 64, NOW, NOW + HOUR)
    with pytest.raises(Crowded):
        replays.remember("f" * 64, NOW + SECOND / 2, NOW + HOUR)
    assert replays.remember("f" * 64, NOW + 2 * HOUR, NOW + 3 * HOUR)


def test_of_workers_that_see_one_token_one_takes_it(database_url: str) -> None:
    opened = [SqlDatabase(database_url) for _ in range(4)]
    workers = [StoredReplays(database, 100) for database in opened]
    try:
        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(lambda worker: worker.remember("a" * 64, NOW, NOW + HOUR), workers))
    finally:
        for database in opened:
            database.close()
    assert sorted(taken) == [False, False, False, True]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=40))
def test_no_token_passes_twice_while_it_is_fresh(events: list[tuple[int, int]]) -> None:
    replays, seen = MemoryReplays(), dict[int, datetime]()
    now = NOW
    for token, wait in events:
        now += timedelta(seconds=wait)
        fresh = seen.get(token, now) <= now
        assert replays.remember(f"{token:064}", now, now + timedelta(seconds=30)) is fresh
        if fresh:
            seen[token] = now + timedelta(seconds=30)


# ---- guesses


def test_refusals_grow_and_end(guesses: Guesses) -> None:
    def refused_for() -> float:
        until = guesses.refused(["u:1"], NOW).get("u:1")
        return 0.0 if until is None else (until - NOW).total_seconds()

    found = []
    for _ in range(7):
        guesses.failed({"u:1": LADDER}, NOW)
        found.append(refused_for())
    assert found == [0, 0, 1, 2, 4, 8, 8]


def test_failures_are_forgotten_after_a_while(guesses: Guesses) -> None:
    for _ in range(5):
        guesses.failed({"u:1": LADDER}, NOW)
    later = NOW + HOUR + timedelta(seconds=9)
    assert guesses.refused(["u:1"], later) == {}
    guesses.failed({"u:1": LADDER}, later)
    assert guesses.refused(["u:1"], later) == {"u:1": None}


def test_a_success_forgets_one_key_and_keeps_another(guesses: Guesses) -> None:
    guesses.failed({"p:1": LADDER, "u:1": LADDER}, NOW)
    guesses.passed("p:1", "k:1", NOW, NOW + HOUR)
    assert guesses.refused(["p:1", "u:1", "k:1"], NOW) == {"u:1": None, "k:1": None}
    guesses.forget(["u:1", "k:1"])
    assert guesses.refused(["u:1", "k:1"], NOW) == {}


def test_an_operator_forgets_all_that_begins_so_and_nothing_else(guesses: Guesses) -> None:
    for key in ("u:1", "p:1:a", "p:1:b", "p:2:a", "p:1_", "p:1%"):
        guesses.failed({key: LADDER}, NOW)
    guesses.forget(["u:1", "p:1:", "p:1_"])
    assert set(guesses.refused(["u:1", "p:1:a", "p:1:b", "p:2:a", "p:1_", "p:1%"], NOW)) == {"p:2:a", "p:1%"}


def test_a_desk_lets_a_user_in_again_at_the_very_address(desk: UserDesk, database: SqlDatabase) -> None:
    throttle = Throttle(StoredGuesses(database), desk.clock)
    for _ in range(8):
        throttle.failed("osm", "203.0.113.7")
    with pytest.raises(Refused):
        throttle.check("osm", "203.0.113.7")
    desk.unlock("osm")
    throttle.check("osm", "203.0.113.7")


def test_the_table_does_not_grow_with_addresses(guesses: Guesses) -> None:
    keys = [f"a:10.0.{number}.1" for number in range(200)]
    for moment, key in enumerate(keys):
        guesses.failed({key: LADDER}, NOW + moment * SECOND)
    assert len(guesses.refused(keys, NOW + 200 * SECOND)) <= 50


def test_no_failure_is_lost_when_workers_count_together(database_url: str) -> None:
    opened = [SqlDatabase(database_url) for _ in range(4)]
    ladders: Mapping[str, Ladder] = {"u:1": LADDER, "a:1": LADDER}
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda database: StoredGuesses(database).failed(ladders, NOW), opened))
        refused = StoredGuesses(opened[0]).refused(["u:1", "a:1"], NOW)
    finally:
        for database in opened:
            database.close()
    assert refused == {"u:1": NOW + 2 * SECOND, "a:1": NOW + 2 * SECOND}


def test_trust_needs_an_authority_that_may_issue(users: StoredUsers, desk: UserDesk, partner: Partner) -> None:
    desk.add("osm", certificates=[of_subject(trust.subject(partner.certificate))])
    leaf_as_authority = trust.Trust(users, [Partner.of(trustme.CA().issue_cert("x.example")).certificate])
    with pytest.raises(trust.Untrusted):
        leaf_as_authority.user_of(partner.certificate, NOW)
