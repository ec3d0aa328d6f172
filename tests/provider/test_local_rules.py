"""Keyword rules: plausible labels in three scripts, the wire form of a model, and no claim to be one."""

import csv
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.clock import SystemClock
from forge_tui.core.outcome import Usage
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.provider.local_rules import LocalRules, classify
from forge_tui.provider.local_words import CATEGORY_EVIDENCE, PRIORITY_EVIDENCE
from forge_tui.provider.reply import Rows, read_rows
from ticket_builders import a_batch, a_ticket

SAMPLES = Path(__file__).parents[2] / "sample_tickets"

CATEGORIES = [
    ("GPU overheats and the fan is dead", "hardware_issue"),
    ("NPU driver reset after each boot", "hardware_issue"),
    ("Can't log in, the app crashes", "software_issue"),
    ("Please give Ravi access to the shared folder", "software_issue"),
    ("The model hallucinates product names", "model_quality"),
    ("Accuracy of the classifier dropped", "model_quality"),
    ("I was charged twice, please refund", "billing"),
    ("How much does the yearly plan cost?", "billing"),
    ("Feature request: a dark mode", "other"),
    ("Purchase order for six seats", "other"),
    ("Good morning", "other"),
    ("लैपटॉप चालू नहीं हो रहा, बैटरी खराब है", "hardware_issue"),
    ("पासवर्ड काम नहीं कर रहा", "software_issue"),
    ("मेरे पैसे कट गए, रिफंड चाहिए", "billing"),
    ("app me login nahi ho raha", "software_issue"),
    ("paise kat gaye bhai", "billing"),
    ("phone bahut garam hota hai", "hardware_issue"),
    ("I asked for $100 and got only $20", "billing"),
    ("There is something on my statement that I don't recall making", "billing"),
    ("How much paid time off do I have left?", "other"),
    ("The laptop overheats all the time", "hardware_issue"),
    ("The laptop overheats only when running Photoshop", "software_issue"),
    ("PO attached for six GPU servers", "other"),
]


@pytest.mark.parametrize(("text", "category"), CATEGORIES)
def test_category_follows_the_stronger_evidence(text, category):
    assert classify(text).category == category


PRIORITIES = [
    ("Data breach: all customers can see each other's bills", "critical"),
    ("Smoke comes out of the power supply", "critical"),
    ("None of us can log in since eight", "critical"),
    ("I cannot log in and cannot work", "high"),
    ("The report is slow, but a workaround exists", "medium"),
    ("How do I change the logo?", "low"),
    ("Typo on the front page, no rush", "low"),
    ("My card was used without my permission, what do I do?", "critical"),
    ("I was charged a fee for using my card", "medium"),
    ("The mail ends with: unauthorized use of this message is prohibited", "medium"),
    ("Nobody at the front desk gets labels out of the printer", "high"),
]


@pytest.mark.parametrize(("text", "priority"), PRIORITIES)
def test_priority_follows_who_is_stopped(text, priority):
    assert classify(text).priority == priority


def test_letter_case_apostrophes_and_hyphens_make_no_difference():
    spellings = ("can't log-in", "CAN\u2019T LOG IN", "cant log in")
    same = {(found.category, found.priority) for found in map(classify, spellings)}
    assert same == {("software_issue", "high")}


def test_saying_it_often_makes_it_no_truer():
    once, often = classify("please refund"), classify("please refund " + "refund " * 50)
    assert (once.category, once.priority) == (often.category, often.priority)


def test_summary_is_an_excerpt_without_the_greeting():
    assert classify("Hello team,  my\nfan is dead.").summary == "my fan is dead."
    assert classify("Hello").summary == "Hello"
    words = [f"word{n}" for n in range(30)]
    assert classify(" ".join(words)).summary == " ".join(words[:20]) + "…"


@given(st.text(st.characters(categories=None)))
def test_any_text_gets_allowed_labels_and_a_short_summary(text):
    found = classify(text)
    assert found == classify(text)
    assert found.category in SUPPORT_TAXONOMY.category_names
    assert found.priority in SUPPORT_TAXONOMY.priority_names
    assert 1 <= len(found.summary.split()) <= 20
    assert len(found.summary.encode()) > 0


@pytest.mark.parametrize("vocabulary", [CATEGORY_EVIDENCE, PRIORITY_EVIDENCE])
def test_every_phrase_can_be_found(vocabulary):
    """A phrase of four words, with a capital, a hyphen or an apostrophe would never match."""
    phrases = [
        phrase
        for by_weight in vocabulary.values()
        for listed in by_weight.values()
        for phrase in " ".join(listed.split()).split(", ")
    ]
    assert [phrase for phrase in phrases if not 1 <= len(phrase.split()) <= 3] == []
    assert [phrase for phrase in phrases if phrase != phrase.lower() or set(phrase) & set("'-,")] == []


def test_vocabulary_speaks_for_labels_of_the_taxonomy_only():
    assert set(CATEGORY_EVIDENCE) == set(SUPPORT_TAXONOMY.category_names)
    assert set(PRIORITY_EVIDENCE) == set(SUPPORT_TAXONOMY.priority_names)


async def test_batch_is_answered_in_the_wire_form_of_a_model():
    provider = LocalRules(clock=SystemClock())
    reply = await provider.send(a_batch([a_ticket(8, text="refund me"), a_ticket(5, text='"quoted" पंखा')]))
    await provider.aclose()
    found = read_rows(reply.content)
    assert isinstance(found, Rows)
    assert [(row["id"], row["category"], row["summary"]) for row in found.rows] == [
        ("t1", "billing", "refund me"),
        ("t2", "hardware_issue", '"quoted" पंखा'),
    ]
    assert (reply.finish_reason, reply.usage, reply.http_status) == ("stop", Usage(), 200)


def sample_texts():
    with (SAMPLES / "tickets.csv").open(newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    lines = (SAMPLES / "tickets.jsonl").read_text(encoding="utf-8").split("\n")
    return texts, [json.loads(line)["text"] for line in lines if line]


def test_samples_show_every_category_and_priority_and_some_twins():
    texts, others = sample_texts()
    found = [classify(text) for text in texts]
    assert {one.category for one in found} == set(SUPPORT_TAXONOMY.category_names)
    assert {one.priority for one in found} == set(SUPPORT_TAXONOMY.priority_names)
    assert len(texts) - len({" ".join(text.casefold().split()) for text in texts}) == 5
    assert not set(texts) & set(others)


def test_a_million_tickets_take_minutes_at_most():
    texts, _ = sample_texts()
    started = time.process_time()
    for text in texts * 20:
        classify(text)
    assert (time.process_time() - started) / (len(texts) * 20) < 200e-6
