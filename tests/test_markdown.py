"""The main content of a page as Markdown."""

from __future__ import annotations

import pytest

from runo_spiders.page.document import Document
from runo_spiders.page.markdown import markdown

PROSE = "Kettles have been made here since 1921, and every one of them is tested before it leaves the house. "


def of(body: str, head: str = "") -> str:
    return markdown(
        Document(f"<html><head>{head}</head><body>{body}</body></html>", "https://shop.example/p/1")
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>Kettle</h1><h3>Care</h3>", "# Kettle\n\n### Care"),
        ("<p>A <b>red</b> <em>pot</em></p>", "A **red** *pot*"),
        ("<p><a href='../care'>Care</a></p>", "[Care](https://shop.example/care)"),
        ("<img src=/a.png alt=Pot>", "![Pot](https://shop.example/a.png)"),
        ("<ul><li>One<ul><li>Two</li></ul></li></ul>", "- One\n  - Two"),
        ("<ol start=3><li>Three</li><li>Four</li></ol>", "3. Three\n4. Four"),
        ("<pre><code class='language-sh'>ls\n  -l</code></pre>", "```sh\nls\n  -l\n```"),
        ("<p>Call <code>boil()</code></p>", "Call `boil()`"),
        (
            "<table><tr><th>Size</th><th>Price</th></tr><tr><td>1 l</td><td>2|3</td></tr></table>",
            "| Size | Price |\n| --- | --- |\n| 1 l | 2\\|3 |",
        ),
        ("<blockquote>Hot</blockquote>", "> Hot"),
        ("", ""),
        ("<script>var a = 1</script><style>p {}</style><!-- no -->", ""),
    ],
)
def test_structure_is_kept(html: str, expected: str) -> None:
    assert of(html) == expected


@pytest.mark.parametrize(
    "beside",
    [
        "<nav><a href=/>Home</a> Way out</nav>",
        "<footer>Way out</footer>",
        "<aside>Way out</aside>",
        "<div class=cookie-banner>Way out</div>",
        "<div style='display: none'>Way out</div>",
        "<p hidden>Way out</p>",
        "<div class='related-products'><p>Way out</p></div>",
        "<form><button>Way out</button></form>",
        "<template><p>Way out</p></template>",
    ],
)
def test_what_is_not_content_is_left_out(beside: str) -> None:
    text = of(f"<main><h1>Kettle</h1>{beside}<p>{PROSE * 3}</p></main>{beside}")
    assert text.startswith("# Kettle\n\nKettles have")
    assert "Way out" not in text
    assert text.count(PROSE.strip()) == 3


def test_the_text_behind_what_is_left_out_stays() -> None:
    assert of("<p>Price<script>track()</script> 38.50<!-- x --> EUR</p>") == "Price 38.50 EUR"


def test_the_content_is_kept_whatever_its_name() -> None:
    assert PROSE.strip() in of(f"<div class=sidebar-layout><p>{PROSE}</p></div><p>Short</p>")


def test_a_heading_above_the_content_comes_along() -> None:
    page = f"<div><h1>Kettle</h1></div><div><p>{PROSE}</p><p>{PROSE}</p></div><div>Call us</div>"
    assert of(page) == f"# Kettle\n\n{PROSE.strip()}\n\n{PROSE.strip()}"


def test_links_are_relative_to_the_base_of_the_page() -> None:
    page = of("<p><a href=x>X</a></p>", "<base href=https://other.example/b/>")
    assert page == "[X](https://other.example/b/x)"


def test_the_tree_of_the_document_stays_as_it_is() -> None:
    document = Document("<nav>Home</nav><p><a href=/x>X</a></p>", "https://shop.example/")
    markdown(document)
    assert document.root.findtext(".//nav") == "Home"
    assert document.root.find(".//a").get("href") == "/x"  # type: ignore[union-attr]


def test_a_page_that_is_nested_deep_is_no_accident() -> None:
    assert "Bottom" in of("<div>" * 200 + "<p>Bottom</p>" + "</div>" * 200)
    assert isinstance(of("<div>" * 5000 + "Bottom"), str)
