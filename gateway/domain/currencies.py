"""Currencies: what orders write as ISO 4217 letters, BRM writes as ISO 4217 numbers (its currency resource ids)."""

from __future__ import annotations

from collections.abc import Mapping

NUMBERS: Mapping[str, int] = {
    "AED": 784, "ARS": 32, "AUD": 36, "BGN": 975, "BRL": 986, "CAD": 124, "CHF": 756, "CLP": 152, "CNY": 156,
    "COP": 170, "CZK": 203, "DKK": 208, "EGP": 818, "EUR": 978, "GBP": 826, "HKD": 344, "HUF": 348, "IDR": 360,
    "ILS": 376, "INR": 356, "ISK": 352, "JPY": 392, "KES": 404, "KRW": 410, "KWD": 414, "MAD": 504, "MXN": 484,
    "MYR": 458, "NGN": 566, "NOK": 578, "NZD": 554, "OMR": 512, "PEN": 604, "PHP": 608, "PKR": 586, "PLN": 985,
    "QAR": 634, "RON": 946, "RSD": 941, "RUB": 643, "SAR": 682, "SEK": 752, "SGD": 702, "THB": 764, "TRY": 949,
    "TWD": 901, "UAH": 980, "USD": 840, "VND": 704, "ZAR": 710,
}  # fmt: skip
"""Letters → number, of the currencies that telcos bill in."""

_LETTERS = {number: letters for letters, number in NUMBERS.items()}


def letters_of(number: str) -> str:
    """Return a BRM currency for people: its letters, or the number when it has none here."""
    return _LETTERS.get(int(number), number) if number.isdigit() else number
