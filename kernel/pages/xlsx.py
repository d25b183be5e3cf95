"""The smallest workbook that Excel and LibreOffice open: one sheet, text inline, numbers as numbers (ECMA-376)."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="Export" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
# XML 1.0 has no place for control characters; Excel calls a file that holds one damaged.
CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])
PIECE = 64 * 1024


def write(heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The workbook's bytes, in pieces; it is built in a temporary file, so memory does not grow with the rows."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            for name, text in PARTS.items():
                package.writestr(name, HEAD + text)
            with package.open("xl/worksheets/sheet1.xml", "w") as sheet:
                sheet.write(f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>'.encode())
                sheet.write(_row(heads))
                for row in rows:
                    sheet.write(_row(row))
                sheet.write(b"</sheetData></worksheet>")
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _row(values: Iterable[Any]) -> bytes:
    return f"<row>{''.join(map(_cell, values))}</row>".encode()


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float | Decimal):
        return f"<c><v>{value}</v></c>"
    text = escape(str(value).translate(CONTROL))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
