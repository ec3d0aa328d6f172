"""What may be typed behind `/`, and what is told of what may not."""

import pytest

from forge_tui.console.filters import failure_filter, result_filter
from forge_tui.core.failure import Code
from forge_tui.core.ticket import Complexity

NONE = {"codes": [], "exclude_codes": [], "complexities": [], "exclude_complexities": [], "words": ""}
ALL = {"categories": [], "exclude_categories": [], "priorities": [], "exclude_priorities": [], "words": ""}


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("", {}),
        ("code:E-JSON", {"codes": [Code.JSON]}),
        ("code:5xx code:e-json", {"codes": [Code.SERVER, Code.JSON]}),
        ("!code:E-FILTER", {"exclude_codes": [Code.FILTER]}),
        ("class:simple !class:complex", {"complexities": ["simple"], "exclude_complexities": ["complex"]}),
        ("refund  LATE", {"words": "refund LATE"}),
        ("code:E-REQ 12:30 100% !", {"codes": [Code.REQUEST], "words": "12:30 100% !"}),
    ],
)
def test_failures_are_filtered_by_code_class_and_words(typed, means):
    assert failure_filter(typed) == (NONE | means, "")


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("category:billing priority:high", {"categories": ["billing"], "priorities": ["high"]}),
        ("!category:other !priority:low", {"exclude_categories": ["other"], "exclude_priorities": ["low"]}),
        ("PRIORITY:High charged twice", {"priorities": ["high"], "words": "charged twice"}),
    ],
)
def test_results_are_filtered_by_label_and_words(typed, means):
    assert result_filter(typed) == (ALL | means, "")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("colour:red", "colour: is no filter; there are code: class: and words"),
        ("code:E-JSN", "code:E-JSN is not known; try code: with E-JSON"),
        ("code:", "code: is not known; try code: with E-AUTH, E-QUOTA, E-MODEL, E-REDIRECT, E-TLS, …"),
        ("class:huge", "class:huge is not known; try class: with simple, medium, complex"),
        ("!late", "!late: only code: class: can be left out"),
    ],
)
def test_what_is_no_filter_is_told_with_what_is_one(typed, told):
    assert failure_filter(typed)[1] == told


def test_every_code_and_class_can_be_typed():
    assert all(failure_filter(f"code:{code}")[0]["codes"] == [code] for code in Code)
    assert all(failure_filter(f"!class:{one}")[0]["exclude_complexities"] == [one] for one in Complexity)
