"""RULE: bytes to text: byte order marks, declared and guessed encodings; what is no text is refused with its name."""

from __future__ import annotations

import codecs
import re

from apps.knowledge.formats.entries import MOST_BYTES, Unreadable

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KNOWN = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive or an office document (docx, xlsx, odt)"),
    (b"\xd0\xcf\x11\xe0", "an old office document (doc, xls)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"{\\rtf", "a rich text document (rtf)"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
# Bytes that text in any one-byte encoding of today does not use.
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_MOST_CONTROLS = 0.01
_SAMPLE = 65_536


def decode(raw: bytes, *, is_html: bool = False) -> tuple[str, str]:
    """(text with \\n line ends, a note on what had to be guessed or ""). Raises Unreadable."""
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"The file has {len(raw) / 1024 / 1024:.1f} MB; at most {MOST_BYTES // 1024 // 1024} are read")
    for start, name in _KNOWN:
        if raw.startswith(start):
            raise Unreadable(f"This is {name}; save it as text, Markdown, HTML or CSV")
    text, note = _decoded(raw, is_html=is_html)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise Unreadable("This is no text: it has null characters in it")
    return text, note


def _decoded(raw: bytes, *, is_html: bool) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw, encoding), ""
    if encoding := _bare_utf16(raw):
        return _strictly(raw, encoding), f"Read as {encoding.upper()}"
    if b"\0" in raw:
        raise Unreadable("This is no text: it has null bytes in it")
    if is_html and (declared := _declared(raw)):
        return raw.decode(declared, "replace"), ""
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _western(raw), "Not UTF-8: read as Western European (Windows-1252)"


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"Its mark says {encoding.upper()}, but byte {error.start} is not") from None


def _bare_utf16(raw: bytes) -> str:
    """Western text in UTF-16 without its mark has a null in nearly every second place."""
    sample = raw[:_SAMPLE]
    if len(sample) < 4 or len(raw) % 2:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and odd < 0.05 * half else ""


def _declared(raw: bytes) -> str:
    found = _DECLARED.search(raw[:4096])
    if not found:
        return ""
    name = found[1].decode("ascii")
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return ""
    # base64, rot13 and their like are codecs too, though none of text; a page in these would have nulls.
    if not getattr(codec, "_is_text_encoding", True) or codec.name.startswith(("utf-16", "utf-32", "utf-7", "idna")):
        return ""
    return codec.name if codec.name != "iso8859-1" else "cp1252"


def _western(raw: bytes) -> str:
    sample = raw[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > _MOST_CONTROLS * len(sample):
        raise Unreadable("This is no text in any encoding that is known here")
    # The five bytes that Windows-1252 leaves open are kept as what browsers make of them.
    return "".join(_WINDOWS[byte] for byte in raw)


_WINDOWS = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)]
