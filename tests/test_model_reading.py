"""Reading what a model said: JSON in all its disguises, and nothing that only looks like it."""

from __future__ import annotations

import pytest

from runo_spiders.items import Json, Usage
from runo_spiders.llm.model import ModelFailure
from runo_spiders.llm.reading import NotJson, completion_of, cost_of, json_within
from runo_spiders.llm.retry import LONGEST_PAUSE_S, Patience, Pause, retry_after
from runo_spiders.schema.conformity import misfits, without_misfits

READ = {
    '{"a": 1}': {"a": 1},
    ' \n{"a": {"b": [1, 2]}}\n': {"a": {"b": [1, 2]}},
    'Here:\n```json\n{"a": "x, }"}\n```\nWell?': {"a": "x, }"},
    '<think>{"a": 2}?</think>{"a": 1}': {"a": 1},
    '{"a": [1, 2,],}': {"a": [1, 2]},
    '{"a": "two\nlines"}': {"a": "two\nlines"},
    "{'a': 'it'}": {"a": "it"},
    '{"a": "half \\ud83d, whole \\ud83d\\ude00"}': {"a": "half ?, whole \U0001f600"},
    '{"a": 1, // said so\n "b": null}': {"a": 1, "b": None},
}
NOT_READ = (
    "",
    "null",
    "No such product.",
    '[{"a": 1}]',
    '{"a": 1',
    '{"a": {"b": 1}, "c": [1, 2',
    '{"a": "cut he',
    '{"a": NaN}',
    '{"a": -Infinity,}',
    '{"a": 1e999}',
    '{"a": 1, "a": 2}',
    '{"a": {"b": 1, "b": 1},}',
    '{"a":' * 100_000,
    "[" * 100_000,
    '{"a": ' + "9" * 10_000 + "}",
)


@pytest.mark.parametrize("text", READ)
def test_what_is_read(text: str) -> None:
    assert json_within(text) == READ[text]


ODD: tuple[Json, ...] = (
    *(None, 0, 1.5, True, "text", "long " * 99, [], [None], ["text"], [[]], [{}], {}, {"a": [1]}),
    *([{"function": "text"}], [{"function": {"arguments": 1}}], [{"text": None}], {"message": ["text"]}),
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:30])
def test_an_answer_of_any_shape_is_read_or_is_a_typed_failure(odd: Json) -> None:
    message = {"content": "{}"}
    choices = (
        *({"message": odd}, {"message": message, "finish_reason": odd}, {"message": message, "error": odd}),
        *({"message": {**message, key: odd}} for key in ("content", "tool_calls", "refusal")),
    )
    bodies = ({"choices": odd}, *({"choices": [choice], "usage": odd} for choice in choices))
    for body in bodies:
        try:
            said = completion_of(body).text
        except ModelFailure as failure:
            said = failure.detail
        assert isinstance(said, str)
        assert cost_of(body, Usage()) == Usage()


@pytest.mark.parametrize("text", NOT_READ, ids=lambda text: text[:20])
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(NotJson):
        json_within(text)


LIST: Json = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"size": {"anyOf": [{"enum": ["S", "L"]}, {"type": "null"}]}},
                "required": ["size"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}


def test_what_fits_of_an_answer_is_kept() -> None:
    answer = {"items": [{"size": "S"}, {"size": "XXL"}]}
    assert [fault.split(":")[0] for fault in misfits(LIST, answer)] == ["$.items[1].size"]
    assert without_misfits(LIST, answer) == {"items": [{"size": "S"}, {"size": None}]}
    assert answer["items"][1] == {"size": "XXL"}


@pytest.mark.parametrize(
    "answer", [{}, {"items": None}, {"items": ["S"]}, {"items": [{}]}, {"items": [], "more": 1}]
)
def test_an_answer_of_another_shape_is_not_mended(answer: Json) -> None:
    assert misfits(LIST, answer) != []
    assert without_misfits(LIST, answer) is None


@pytest.mark.parametrize(
    "header", [None, "", "0", "-1", "soon", "Mon, 99 Foo", "Sun, 06 Nov 1994 08:49:37 GMT"]
)
def test_a_retry_after_that_asks_for_nothing(header: str | None) -> None:
    assert retry_after(header) is None


def test_a_pause_is_never_longer_than_its_limit() -> None:
    pause = Pause(Patience())
    pause.extend(retry_after("1000000000"))
    assert LONGEST_PAUSE_S - 1 < pause.left <= LONGEST_PAUSE_S


def test_waits_grow_at_random_up_to_their_limit() -> None:
    patience = Patience(base_s=1, most_s=4)
    waits = [[patience.wait(nth) for _ in range(200)] for nth in range(5)]
    assert [max(each) <= most for each, most in zip(waits, (1, 2, 4, 4, 4), strict=True)] == [True] * 5
    assert min(waits[4]) < 1 < 3 < max(waits[4])
