"""Siebel and a BRM are edited at the same time, on a bad day: in the end both say the same, and no word is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.xref import XrefRow
from tests.brm_sim.simulator import Simulator
from tests.crash.processes import Nursery
from tests.sync.billing import Billing
from tests.sync.crm import FIELDS, Crm, first_values
from tests.sync.edits import Diary, Edit, Editor, Kinds, Side
from tests.sync.mischief import Fate
from tests.sync.programs import Program
from tests.sync.site import SYSTEM, Site, a_site

SEED = 20261121
KINDS = Kinds(both=range(4), siebel_only=[4, 5], other_only=[6, 7])
CLASHES = 10
_SUBSCRIBER = """
[cut.subscribers.BILLING]
brm = "BRM_01"
threads = 2

[brm.BRM_01]
url = "{url}"
connect_timeout_seconds = 1
lock_wait_seconds = 1
transaction_timeout_seconds = 20
"""


@dataclass
class Play:
    """Both sides, what was edited, and the gateway between them."""

    site: Site
    brm: Program
    crm: Crm
    billing: Billing
    editor: Editor
    diary: Diary = field(default_factory=Diary)

    def edit(self, *edits: Edit) -> None:
        for edit in edits:
            (self.crm.edit if edit.side is Side.SIEBEL else self.billing.edit)(edit)
            self.diary.made(edit)

    def populate(self) -> None:
        """Make customers on both sides, and say which is which."""
        rows = []
        for number in KINDS.all:
            business = number % 2 == 1
            there = self.crm.add(number, first_values(number), business=business)
            here = self.billing.add(number, first_values(number), business=business)
            for table, row_id, owned in (
                ("CUSTOMERPARTY_ACCOUNTID", there.account, here.account),
                ("INSTALLEDPRODUCT_ID", there.asset, here.service),
            ):
                common = f"COMMON-{table}-{number}"
                rows.append(XrefRow(table, common, SYSTEM, row_id))
                rows.append(XrefRow(table, common, "BRM_01", f"{owned.db} {owned.type} {owned.id}"))
        with self.site.gateway() as database, database.begin() as work:
            work.xref.populate(rows, None, datetime.now(UTC))
            work.commit()

    def agree(self) -> None:
        """Wait until all is quiet; then every field is the same on both sides, and somebody's last word."""
        self.site.settle()
        possible = self.diary.possible()
        for number in KINDS.all:
            siebel, brm = self.crm.values(number), self.billing.values(number)
            assert siebel == brm, f"customer {number}"
            wrong = {
                name: siebel[name]
                for name in FIELDS
                if siebel[name] not in possible.get((number, name), siebel.values())
            }
            assert not wrong, f"customer {number}: nobody said so last"
        self.diary.settled()


@contextmanager
def playing(directory: Path, nurseries: Mapping[str, Nursery]) -> Iterator[Play]:
    brm = Program(nurseries["brm_sim"], "brm", (), directory, environment={"BRM_SIM_LOCK_WAIT": "1"})
    with a_site(directory, nurseries, SEED, _SUBSCRIBER.format(url=brm.url), brm) as site:
        site.siebel.start()
        brm.start()
        play = Play(site, brm, Crm(site.crm), Billing(Simulator(brm.url)), Editor(SEED, KINDS, FIELDS))
        play.populate()
        site.web.start()
        site.worker.start()
        yield play


def test_siebel_and_brm_end_up_equal_whatever_happens_on_the_way(
    tmp_path: Path, nurseries: Mapping[str, Nursery]
) -> None:
    with playing(tmp_path, nurseries) as play:
        play.agree()
        a_busy_day(play)
        clashes(play)
        outages(play)
        counted(play)


def a_busy_day(play: Play) -> None:
    play.edit(*play.editor.some(40, Side.SIEBEL, Side.OTHER))
    play.agree()


def clashes(play: Play) -> None:
    """Both sides edit the same fields while nobody works: the configured winner wins, and it is logged."""
    play.site.worker.kill()
    pairs = list(play.editor.clashes(CLASHES))
    for pair in pairs:
        play.edit(*pair)
    play.site.worker.start()
    play.agree()
    for of_siebel, of_brm in pairs:
        assert play.crm.values(of_siebel.record)[of_siebel.field] == of_siebel.value
        assert play.site.number(
            "select count(*) from sync_conflicts where siebel = :siebel and partner = :partner",
            siebel=of_siebel.value,
            partner=of_brm.value,
        ), f"{of_siebel} against {of_brm} is not in the log"


def outages(play: Play) -> None:
    """Each of the four is away for a while, and the others go on."""
    play.brm.kill()
    play.edit(*play.editor.some(10, Side.SIEBEL))
    play.site.worker.restart()
    play.brm.start()
    play.edit(*play.editor.some(10, Side.SIEBEL, Side.OTHER))
    play.site.web.kill()
    play.edit(*play.editor.some(10, Side.SIEBEL, Side.OTHER))
    play.site.web.start()
    play.site.siebel.kill()
    play.edit(*play.editor.some(10, Side.OTHER))
    play.site.siebel.start()
    play.edit(*play.editor.some(10, Side.SIEBEL, Side.OTHER))
    play.site.worker.restart()
    play.agree()


def counted(play: Play) -> None:
    """Count: nobody was told its own edits, every change was told once, and enough went wrong on the way."""
    for number in KINDS.siebel_only:
        assert play.crm.writes(number) == play.diary.count(Side.SIEBEL, number), f"customer {number}: an echo"
    for number in KINDS.other_only:
        assert play.billing.writes(number) == play.diary.count(Side.OTHER, number), f"customer {number}: an echo"
    fates, conflicts = play.site.between.fates, play.site.number("select count(*) from sync_conflicts")
    deliveries(play)
    print(f"{len(play.diary.edits)} edits; {dict(fates)}; {conflicts} conflicts")  # noqa: T201 - read with -s
    assert min(fates[fate] for fate in Fate) >= 5, fates
    assert conflicts >= CLASHES


def deliveries(play: Play) -> None:
    """Every change that either side told has been worked on once: Siebel's by its message id, BRM's but our own."""
    outbox = play.crm.siebel.did("GET", "/outbox?limit=1000")["entries"]
    of_siebel = sum(each["kind"] in ("CUTSendAccountData", "CUTSendPhoneNumberData") for each in outbox)
    of_brm = play.site.outbox(play.brm)["sent"]
    hints = play.site.number("select count(*) from message where queue = 'CUT_OUT_BILLING'")
    done = play.site.number("select count(*) from message where queue = 'CUT_OUT_BILLING' and state = 'done'")
    own = sum(play.billing.writes(number) for number in KINDS.all) - sum(
        each.side is Side.OTHER for each in play.diary.edits
    )
    print(f"{of_siebel} changes told by Siebel, {of_brm} by BRM, {own} of them the gateway's own, {hints} hints")  # noqa: T201 - read with -s
    assert hints == done
    assert hints == of_siebel + of_brm - own
