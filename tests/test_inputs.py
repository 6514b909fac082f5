from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import check_source, saved_pages, targets


def urls_of(source: str | list[str]) -> list[str]:
    return [target.url for target in targets(source)]


def test_a_comma_splits_only_before_a_scheme() -> None:
    source = "https://a.example/x,y,https://b.example/?q=1,2 , HTTP://c.example/"
    assert urls_of(source) == ["https://a.example/x,y", "https://b.example/?q=1,2", "HTTP://c.example/"]


def test_a_text_file_has_a_url_a_line_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_text("\ufeffhttps://a.example/1\n\n# not this one\n  https://a.example/2  \n")
    assert urls_of(str(path)) == ["https://a.example/1", "https://a.example/2"]


def test_other_columns_of_a_csv_are_carried(tmp_path: Path) -> None:
    path = tmp_path / "urls.csv"
    path.write_text('id,URL,note\n7,https://a.example/1,"two, words"\n8,https://a.example/2,\n')
    first, second = targets(str(path))
    assert (first.url, first.index, first.extra) == (
        "https://a.example/1",
        0,
        {"id": "7", "note": "two, words"},
    )
    assert second.extra == {"id": "8", "note": ""}


def test_json_lines_hold_objects_or_strings(tmp_path: Path) -> None:
    path = tmp_path / "urls.jsonl"
    path.write_text('{"url": "https://a.example/1", "id": 7}\n"https://a.example/2"\n')
    first, second = targets(str(path))
    assert (first.url, first.extra) == ("https://a.example/1", {"id": "7"})
    assert second.url == "https://a.example/2"


@pytest.mark.parametrize("line", ['{"url": ', '{"link": "https://a.example"}', '{"url": 3}', "nonsense"])
def test_a_bad_line_stands_for_itself_and_loses_no_other(tmp_path: Path, line: str) -> None:
    path = tmp_path / "urls.jsonl"
    path.write_text(f'{line}\n{{"url": "https://a.example/2"}}\n')
    assert urls_of(str(path)) == [line.strip(), "https://a.example/2"]


def test_the_limit_stops_the_reading(tmp_path: Path) -> None:
    def endless() -> Iterator[str]:
        return (f"https://a.example/{n}" for n in itertools.count())

    path = tmp_path / "urls.txt"
    path.write_text("\n".join(itertools.islice(endless(), 100)))
    assert len(list(targets(str(path), limit=3))) == 3


def test_a_line_that_is_not_utf8_loses_no_other(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_bytes(b"https://a.example/1\nhttps://a.example/\xff\nhttps://a.example/3\n")
    assert [url[-1] for url in urls_of(str(path))] == ["1", "\ufffd", "3"]


@pytest.mark.parametrize("source", ["https://a.example", "-", ["anything"]])
def test_a_source_that_can_be_read_is_no_mistake(source: str | list[str]) -> None:
    check_source(source)


def test_a_source_that_is_neither_url_nor_file_is_named() -> None:
    with pytest.raises(UsageMistake, match=r"argument urls: 'exmaple\.com' is neither a URL nor a file"):
        check_source("exmaple.com")


def test_a_csv_without_a_url_column_names_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "urls.csv"
    path.write_text("link,id\nhttps://a.example,1\n")
    with pytest.raises(UsageMistake, match=r"has no column 'url' \(it has: link, id\)"):
        check_source(str(path))


def test_saved_pages_are_the_html_files_of_a_folder_by_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.HTM", "a.html", "notes.txt"):
        (tmp_path / name).write_text("x")
    assert [target.url for target in saved_pages(str(tmp_path))] == [
        (tmp_path / "a.html").as_uri(),
        (tmp_path / "b/2.HTM").as_uri(),
    ]
