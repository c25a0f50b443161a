"""Files as units attach them: PDF, DOCX and XLSX with Chinese text, made without any library."""

import io
import zipfile
from collections.abc import Sequence
from html import escape

_WORDS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKED = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_STAMP = (2026, 1, 1, 0, 0, 0)
"""The same words give the same bytes."""

Rows = Sequence[Sequence[str]]


def pdf(*pages: Sequence[str]) -> bytes:
    """Pages of lines, in a font of the reader's own (ISO 32000-1, section 9.7.5.2)."""
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H"
        b" /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>] >>"
    )
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode()
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", tree, font]
    for at, lines in enumerate(pages):
        shown = " ".join(f"<{line.encode('utf-16-be').hex()}> Tj T*" for line in lines)
        content = f"BT /F1 12 Tf 60 780 Td 20 TL {shown} ET".encode()
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources"
            b" << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * at),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        ]
    return _numbered(objects)


def _numbered(objects: Sequence[bytes]) -> bytes:
    """The objects with the table of where each of them begins."""
    body, places = b"%PDF-1.7\n", list[int]()
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n"
    ) % (body, len(objects) + 1, table, len(objects) + 1, len(body))


def docx(lines: Sequence[str], rows: Rows = ()) -> bytes:
    """Paragraphs, and below them a table."""
    body = "".join(map(_paragraph, lines))
    cells = "".join(
        f"<w:tr>{''.join(f'<w:tc>{_paragraph(cell)}</w:tc>' for cell in row)}</w:tr>"
        for row in rows
    )
    table = f"<w:tbl>{cells}</w:tbl>" if rows else ""
    part = f"<w:document {_WORDS}><w:body>{body}{table}</w:body></w:document>"
    kind = f"{_OFFICE}wordprocessingml.document.main+xml"
    return packed(_parts("word/document.xml", kind) | {"word/document.xml": part})


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def xlsx(rows: Rows, *, formulas: bool = False) -> bytes:
    """One sheet; with `formulas` a cell `=...|value` is a formula that was saved with its value."""
    lines = "".join(f"<row>{''.join(_cell(cell, formulas) for cell in row)}</row>" for row in rows)
    sheet = f"<worksheet {_SHEET}><sheetData>{lines}</sheetData></worksheet>"
    book = (
        f'<workbook {_SHEET} xmlns:r="{_LINKS}"><sheets>'
        '<sheet name="公开" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    links = _relationships(f"{_LINKS}/worksheet", "worksheets/sheet1.xml")
    return packed(
        _parts("xl/workbook.xml", f"{_OFFICE}spreadsheetml.sheet.main+xml")
        | {
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": links,
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def _cell(text: str, formulas: bool) -> str:
    formula, mark, value = text.partition("|")
    if formulas and mark and formula.startswith("="):
        return f'<c t="str"><f>{escape(formula[1:])}</f><v>{escape(value)}</v></c>'
    return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def _parts(main: str, kind: str) -> dict[str, str]:
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/></Types>'
    )
    links = _relationships(f"{_LINKS}/officeDocument", main)
    return {"[Content_Types].xml": types, "_rels/.rels": links}


def _relationships(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKED}">'
        f'<Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'
    )


def packed(parts: dict[str, str]) -> bytes:
    """The parts as one packed file."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(zipfile.ZipInfo(name, _STAMP), text, zipfile.ZIP_DEFLATED)
    return kept.getvalue()
