"""The price list: what is on it, what a wrong file is told, and how it comes into BRM."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from brm_sim.catalog import ROOT_ACCOUNT, Discount, PriceCatalog, PriceListError, Product, load_into
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Poid
from brm_sim.store import Store

PRODUCT = "[[products]]\nid = 5\nname = 'A'\ntype = 'item'\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'brm.db'}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def catalog() -> PriceCatalog:
    return PriceCatalog.load()


def test_the_list_is_a_telcos(catalog: PriceCatalog) -> None:
    assert len(catalog.products) >= 40
    assert {601, 602, 603} == {product.flist(826)["PRODUCT_TYPE"] for product in catalog.products.values()}
    for service in catalog.services:
        assert any(product.permits(service) for product in catalog.products.values())


@pytest.mark.parametrize(
    ("code", "name", "purchase", "cycle"),
    [
        ("MOB-TARIFF-UNLIMITED", "Mobile Tariff Unlimited", "0", "35.00"),
        ("MOB-HANDSET-FEE", "Handset Fee", "120.00", "0"),
        ("ACC-PAPER-BILL", "Paper Bill", "0", "1.50"),
    ],
)
def test_prices(catalog: PriceCatalog, code: str, name: str, purchase: str, cycle: str) -> None:
    product = catalog.coded(code, Product)
    assert (name, Decimal(purchase), Decimal(cycle)) == (product.name, product.purchase_fee, product.cycle_fee)


def test_the_loyalty_discount_is_a_tenth(catalog: PriceCatalog) -> None:
    assert catalog.coded("LOYALTY-10", Discount).percent == 10


def test_permitted_covers_subclasses_and_nothing_else(catalog: PriceCatalog) -> None:
    tariff = catalog.coded("MOB-TARIFF-UNLIMITED", Product)
    assert tariff.permits("/service/telco/gsm/telephony")
    assert not tariff.permits("/service/telco/gsmish")
    assert not tariff.permits("/account")


def test_an_unknown_product_is_not_found(catalog: PriceCatalog) -> None:
    with pytest.raises(ErrorBuffer) as caught:
        catalog.product(Poid.parse("0.0.0.1 /product 9 0"))
    assert (caught.value.errno, caught.value.field) == (Errno.NOT_FOUND, "PRODUCT_OBJ")
    with pytest.raises(ErrorBuffer) as caught:
        catalog.product(Poid.parse("0.0.0.1 /discount 20001 0"))
    assert caught.value.errno is Errno.BAD_POID_TYPE


def test_the_list_becomes_objects_once(store: Store, catalog: PriceCatalog) -> None:
    load_into(store, catalog)
    load_into(store, catalog)
    with store.session() as session:
        products = session.find("/product")
        tariff = session.find("/product", CODE="MOB-TARIFF-UNLIMITED")[0]
        session.read(ROOT_ACCOUNT)
        plans = session.find("/plan")
    assert [each["POID"] for each in products] == [each.poid for each in catalog.products.values()]
    assert (tariff["CYCLE_FEE_AMT"], tariff["PERMITTED"]) == (Decimal("35.00"), "/service/telco/gsm")
    assert len(plans) == 2


def test_a_changed_price_is_brought_up_to_date(store: Store, catalog: PriceCatalog, tmp_path: Path) -> None:
    load_into(store, catalog)
    source = Path(__file__).parents[2] / "brm_sim" / "price_list.toml"
    changed = tmp_path / "changed.toml"
    changed.write_text(source.read_text("utf-8").replace('"35.00"', '"36.00"'), "utf-8")
    load_into(store, PriceCatalog.load(changed))
    with store.session() as session:
        tariff = session.find("/product", CODE="MOB-TARIFF-UNLIMITED")[0]
    poid = tariff["POID"]
    assert isinstance(poid, Poid)
    assert (tariff["CYCLE_FEE_AMT"], poid.rev) == (Decimal("36.00"), 1)


def test_a_deal_loses_what_is_taken_off_the_list(store: Store, catalog: PriceCatalog, tmp_path: Path) -> None:
    load_into(store, catalog)
    source = Path(__file__).parents[2] / "brm_sim" / "price_list.toml"
    changed = tmp_path / "changed.toml"
    shorter = source.read_text("utf-8").replace('["BB-FIBRE-500", "BB-ROUTER-RENTAL", ', '["BB-FIBRE-500", ')
    changed.write_text(shorter, "utf-8")
    for _ in range(2):
        load_into(store, PriceCatalog.load(changed))
    with store.session() as session:
        (deal,) = session.find("/deal", CODE="DEAL-FIBRE-500")
    products, poid = deal["PRODUCTS"], deal["POID"]
    assert isinstance(products, Array)
    assert isinstance(poid, Poid)
    assert list(products) == [0, 1]
    load_into(store, PriceCatalog.load(changed))
    with store.session() as session:
        assert session.read(poid)["POID"] == poid


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("currency = ", "Invalid value"),
        ("services = []", "currency"),
        ("currency = 826\nservices = []\nsurprise = 1", "surprise"),
        ("currency = 826\nservices = []\n" + "".join(f"{PRODUCT}code = '{code}'\n" for code in "AB"), "the same id"),
        ('currency = 826\nservices = []\n[[deals]]\nid = 5\ncode = "A"\nname = "A"\nproducts = ["B"]', "the code B"),
        ('currency = 826\nservices = []\n[[discounts]]\nid = 5\ncode = "A"\nname = "A"', "percent or amount"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(PriceListError, match=reason):
        PriceCatalog.load(path)


def test_two_workers_may_load_it_at_once(database_url: str, catalog: PriceCatalog) -> None:
    stores = [Store(database_url), Store(database_url)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda store: load_into(store, catalog), stores))
    with stores[0].session() as session:
        assert len(session.find("/product")) == len(catalog.products)
    for store in stores:
        store.close()
