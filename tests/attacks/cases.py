"""An attack on file meets a product behind a server, in a version of SOAP."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from tests.attacks.answers import MEDIA_TYPES, SOAP_11, SOAP_12
from tests.attacks.corpus import Attack, attacks
from tests.attacks.landscape import BRM, CUT, GATEWAY, GUARDED, SIEBEL, Landscape, Target
from tests.serving.servers import KINDS

NAMESPACES = {"1.1": SOAP_11, "1.2": SOAP_12}


@dataclass(frozen=True, slots=True)
class Case:
    """An attack on a product behind a server; ``version`` of SOAP is 1.1 or 1.2."""

    product: str
    kind: str
    version: str
    attack: Attack

    def __str__(self) -> str:
        return f"{self.product}-{self.kind}-{self.version}-{self.attack.name}"


def cases(directory: str) -> list[Case]:
    """Give all cases of the attacks in a directory."""
    return [
        Case(product, kind, version, attack)
        for product in (GATEWAY, BRM, GUARDED, SIEBEL, CUT)
        for kind in KINDS
        for attack in attacks(directory)
        for version in attack.versions
        if attack.concerns(product)
    ]


def values(scene: Landscape, target: Target, version: str = SOAP_11) -> dict[str, str]:
    """Give what a message may name."""
    media, good = MEDIA_TYPES[version], target.good.decode().strip()
    known = {"path": target.path, "soap": version, "media": media, "type": f"{media}; charset=utf-8", "good": good}
    pieces = scene.guarded.pieces(good) if target.product == GUARDED else {}
    return known | pieces | {"action": _action(target)}


def _action(target: Target) -> str:
    tag = etree.fromstring(target.good).tag
    return next(each.soap_action for each in target.contract.operations if each.input == tag)
