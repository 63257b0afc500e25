"""Adverse events by words: three languages, denials, places in the text; and which language it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.insights.adverse import find, folded
from functions.insights.language import detect
from functions.insights.terms import LANGUAGES, TERMS, Language, Term

TOLD: list[tuple[str, Language, set[str]]] = [
    ("After two days I had a terrible headache and a rash.", "en", {"headache", "rash"}),
    ("No headache at all, and I did not feel sick.", "en", set()),
    ("I didn't have any headache, but my throat closed.", "en", {"anaphylaxis"}),
    ("Not only dizziness but vomiting too.", "en", {"dizziness", "vomiting"}),
    ("It didn't work for me.", "en", {"no effect"}),
    ("My mother was hospitalised with chest pains and could not breathe.", "en",
     {"hospital stay", "chest pain", "shortness of breath"}),
    ("HEADACHE!!! and\nBlurry   vision", "en", {"headache", "blurred vision"}),
    ("The rash-free days were few; never a fever.", "en", {"rash"}),
    ("Después de tomarlo tuve mareos y dolor de cabeza, pero no vómitos.", "es", {"dizziness", "headache"}),
    ("No tuve náuseas ni fiebre con esta crema.", "es", set()),
    ("Mi padre falleció y yo me desmayé.", "es", {"death", "loss of consciousness"}),
    ("No sólo mareo sino también picazón en la piel.", "es", {"dizziness", "itching"}),
    ("Depuis hier j'ai des vertiges et mal de tête, mais pas de nausées.", "fr", {"dizziness", "headache"}),
    ("Je n'ai jamais eu de fièvre avec ce produit.", "fr", set()),
    ("J'ai du mal à respirer et une éruption sur la peau.", "fr", {"shortness of breath", "rash"}),
    ("Hospitalisée aux urgences après une crise cardiaque.", "fr", {"hospital stay", "heart attack"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "terms"), TOLD, ids=[text[:30] for text, _, _ in TOLD])
def test_events_are_found_unless_they_are_denied(text: str, language: Language, terms: set[str]) -> None:
    assert {event.term for event in find(text, language)} == terms


def test_a_quote_stands_where_it_says_and_an_event_counts_once() -> None:
    text = "Ça va: étourdie, très étourdie. Puis FIÈVRE."
    events = find(text, "fr")
    assert [(event.term, event.quote) for event in events] == [("dizziness", "étourdie"), ("fever", "FIÈVRE")]
    assert all(text[event.start : event.start + len(event.quote)] == event.quote for event in events)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_phrase_of_the_table_finds_its_own_event(term: Term, language: Language) -> None:
    for phrase in getattr(term, language).split("|"):
        words = phrase.replace("*", "")
        assert folded(words) == words, "phrases are lower case and without accents"
        assert term.name in {event.term for event in find(words, language)}


@given(st.text(max_size=300))
def test_any_text_is_read_and_quotes_are_its_own_words(text: str) -> None:
    assert len(folded(text)) == len(text)
    for event in find(text):
        assert event.quote == text[event.start : event.start + len(event.quote)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *((text, language) for text, language, _ in TOLD),
        ("Das Produkt ist sehr gut und ich mag es", None),
        ("Il prodotto mi piace molto, grazie di cuore a tutti voi", None),
        ("これはとても良い製品です", None),
        ("12345 67890", None),
        ("Headache!", "en"),
        ("mareos", "es"),
        ("no", None),
    ],
)
def test_the_language_is_told_or_left_open(text: str, language: Language | None) -> None:
    assert detect(text) in {language, None} if language is None else detect(text) == language
