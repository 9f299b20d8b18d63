"""The structure tree of a tagged document (ISO 32000-1, 14.7): what its content is and in which order it is read."""

from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDocument, PDFObjectReference

from core.typesetting.objects import Dictionary, name

Box = tuple[float, float, float, float]
"""Left, bottom, right and top in points."""


@dataclass(slots=True)
class _Element:
    """A structure element: its tag and page, its kids in order (elements, numbers of marked content, annotations), what
    stands for it, and where it is."""

    tag: str
    page: PDFObjectReference
    kids: list[Any] = field(default_factory=list)
    alt: Any = None
    box: Box | None = None
    reference: bytes = b""


class Structure:
    """The tree of a document in the making, and the way back to it from marked content and annotations."""

    def __init__(self) -> None:
        """Begin without elements."""
        self._elements: list[_Element] = []
        self._parents: list[_Element | list[_Element]] = []  # by the number in /StructParents or /StructParent
        self._page: int | None = None

    def key(self) -> int:
        """The number by which the next annotation finds its element."""
        self._begin_page()
        return len(self._parents)

    def add(
        self, tag: str, page: PDFObjectReference, *, alt: Any = None, box: Box | None = None, link: Any = None
    ) -> tuple[str, int]:
        """Add content in reading order; returns tag and number to mark it with.

        `link` is the annotation that makes it lead somewhere: inside a paragraph, around a figure.
        """
        marked = outermost = _Element(tag, page, alt=alt, box=box)
        if link:
            linked = {"Type": name("OBJR"), "Obj": link}
            if tag == "Figure":
                leading = outermost = _Element("Link", page, [marked])
            else:
                leading = marked = _Element("Link", page)
                outermost.kids.append(leading)
            leading.kids.append(Dictionary(linked))
            self._parents.append(leading)
        owners = self._begin_page()
        number = len(owners)
        marked.kids.insert(0, number)
        owners.append(marked)
        self._elements.append(outermost)
        return marked.tag, number

    def end_page(self) -> int:
        """The number by which the page that ends here finds the elements of its content."""
        self._begin_page()
        key, self._page = self._page, None
        assert key is not None
        return key

    def _begin_page(self) -> list[_Element]:
        if self._page is None:
            self._page = len(self._parents)
            self._parents.append([])
        owners = self._parents[self._page]
        assert isinstance(owners, list)
        return owners

    def write(self, document: PDFDocument) -> None:
        """Make the tree the document's."""
        root, outermost = Dictionary(), Dictionary()
        document.Catalog.StructTreeRoot = root
        above, parent = (document.Reference(each).format(document) for each in (root, outermost))
        kids = [_written(document, element, parent) for element in self._elements]
        outermost.dict |= {"Type": name("StructElem"), "S": name("Document"), "P": above, "K": PDFArray(kids)}
        root.dict |= {"Type": name("StructTreeRoot"), "K": parent, "ParentTreeNextKey": len(self._parents)}
        numbered: list[Any] = []
        for key, owner in enumerate(self._parents):
            at = PDFArray([each.reference for each in owner]) if isinstance(owner, list) else owner.reference
            numbered += [key, at]
        root["ParentTree"] = Dictionary({"Nums": PDFArray(numbered)})


def _written(document: PDFDocument, element: _Element, parent: bytes) -> bytes:
    """Make an element and those below it the document's; returns how others refer to it."""
    written = Dictionary({"Type": name("StructElem"), "S": name(element.tag), "P": parent, "Pg": element.page})
    element.reference = document.Reference(written).format(document)
    kids = [_written(document, kid, element.reference) if isinstance(kid, _Element) else kid for kid in element.kids]
    written["K"] = PDFArray(kids)
    if element.alt:
        written["Alt"] = element.alt
    if element.box:
        place = PDFArray([round(edge, 2) for edge in element.box])
        written["A"] = Dictionary({"O": name("Layout"), "Placement": name("Block"), "BBox": place})
    return element.reference
