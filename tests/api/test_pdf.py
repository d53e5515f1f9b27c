"""PDF: Chinese is text in it, nothing is fetched, and a machine without the libraries says which ones."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pypdf
import pytest

from api.pdf import PACKAGES, pdf_of
from enms.errors import UnavailableError


def _text(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def needs_pango() -> None:
    try:
        import_module("weasyprint")
    except OSError as problem:
        pytest.skip(f"no PDF on this machine: {problem}")


async def test_chinese_is_text_of_an_embedded_font() -> None:
    needs_pango()
    data = await pdf_of('<html lang="zh-CN"><h1>能源日报</h1><p>吨钢综合能耗 415 kgce/t</p>')
    assert data.startswith(b"%PDF-")
    assert "能源日报" in _text(data)
    fonts = pypdf.PdfReader(io.BytesIO(data)).pages[0]["/Resources"]["/Font"].values()
    assert all("+" in font.get_object()["/BaseFont"] for font in fonts), "a subset is embedded"


async def test_nothing_is_read_from_this_machine(tmp_path: Path) -> None:
    needs_pango()
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: 'secret' }")
    data = await pdf_of(f'<html><link rel="stylesheet" href="{secret.as_uri()}"><p>open</p>')
    assert "secret" not in _text(data)


async def test_a_machine_without_the_libraries_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setitem(sys.modules, "weasyprint", Missing("weasyprint"))
    with pytest.raises(UnavailableError, match="libpango") as found:
        await pdf_of("<p>x</p>")
    assert all(package in str(found.value) for package in PACKAGES)
