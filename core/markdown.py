"""Markdown from people to HTML for pages: rendered and sanitised once, when it is saved."""

import nh3
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": False}).enable(["table", "strikethrough"])
_TAGS = frozenset(
    "p br hr h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li a table thead tbody tr th td".split()  # noqa: SIM905
)
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}


def render_markdown(source: str) -> str:
    """HTML of CommonMark with tables; every tag, attribute and address scheme outside a short list is dropped.

    Top headings are lowered by one, since the page has its own. Images are dropped: the page's policy would not load
    them from elsewhere. Source: CommonMark 0.31; nh3 (ammonia) allow lists.
    """
    html = _MARKDOWN.render(source).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )
