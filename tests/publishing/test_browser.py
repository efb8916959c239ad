"""The pages in a real browser: from the list to a service, and its answer to what the form sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import Select, WebDriverWait

from soapkit.server import application, running
from tests.contract.soapkit.orders import service
from tests.publishing.programs import program

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 30


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium")
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = program("chromedriver", "chromium-driver")
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield found
    finally:
        found.quit()


def logged(browser: webdriver.Chrome, kind: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = browser.get_log(kind)  # type: ignore[no-untyped-call] # selenium's is untyped
    return found


def requested(browser: webdriver.Chrome) -> set[str]:
    """Return the addresses of all that pages asked for."""
    events = [json.loads(each["message"])["message"] for each in logged(browser, "performance")]
    sent = (each["params"] for each in events if each["method"] == "Network.requestWillBeSent")
    return {each["request"]["url"] for each in sent if str(each.get("documentURL", "")).startswith("http")}


def test_from_the_list_to_an_answer_without_an_error_and_without_asking_anybody_else(browser: webdriver.Chrome) -> None:
    wait = WebDriverWait(browser, _PATIENCE)
    with running(lambda url: application([service()], public_url=url)) as url:
        browser.get(f"{url}/services/")
        browser.find_element(By.LINK_TEXT, "Orders").click()
        wait.until(expected.title_is("Orders"))

        Select(browser.find_element(By.ID, "operation")).select_by_visible_text("PlaceOrder")
        Select(browser.find_element(By.ID, "version")).select_by_visible_text("SOAP 1.2")
        message = browser.find_element(By.ID, "message")
        loaded = ("PlaceOrder", "http://www.w3.org/2003/05/soap-envelope")
        wait.until(lambda _: all(each in str(message.get_property("value")) for each in loaded))
        browser.find_element(By.CSS_SELECTOR, "#try-it button").click()
        wait.until(expected.text_to_be_present_in_element((By.ID, "status"), "200 OK"))

        assert "Accepted>true<" in browser.find_element(By.ID, "answer").text
        assert "correlation id" in browser.find_element(By.ID, "status").text
        assert [each for each in logged(browser, "browser") if each["level"] != "INFO"] == []
        assert {address for address in requested(browser) if not address.startswith((f"{url}/", "data:"))} == set()
