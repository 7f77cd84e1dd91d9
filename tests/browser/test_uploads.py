"""A changed folder comes by the procedures page: what is broken is refused in words, what is whole goes into force.

Clicked on the product with the procedures of ``processes/``. Pictures lie in ``build/walk``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.procedure import read_folder
from tests.browser.bureau import Bureau, open_bureau

pytestmark = pytest.mark.timeout(300)  # whole pages of the product, on a machine that may be busy

LIMIT = 'id="reply" title="答复期限" length="P20WD"'


@pytest.fixture
def bureau(browser: Browser, tmp_path: Path, assets: object) -> Iterator[Bureau]:
    with open_bureau(tmp_path, browser, own_folders=True) as found:
        yield found


def packed(files: Mapping[str, bytes], top: str = "on_request/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return buffer.getvalue()


def send(page: Page, name: str, data: bytes, path: str = "") -> str:
    """Upload by hand; return what the page says."""
    kind = "application/octet-stream"
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})
    page.fill("#path", path)
    with page.expect_navigation():
        page.get_by_role("button", name="上传").click()
    said = page.locator(".errors p, [role=status] p").first
    return said.inner_text()


def test_a_folder_that_is_broken_is_refused_in_words_and_nothing_of_it_is_kept(
    bureau: Bureau, pictures: Path
) -> None:
    folder = bureau.config.processes / "on_request"
    before = read_folder(folder)
    zhang = bureau.window("zhangwei")
    zhang.goto(bureau.address + "/procedures/on_request")
    diagram = before["on_request.bpmn"]
    large = bureau.config.home / "large.zip"
    large.write_bytes(b"0" * (51 * 1024 * 1024))
    said = {
        "no archive": send(zhang, "on_request.zip", b"PK\x03\x04 cut off"),
        "another": send(zhang, "a.zip", packed(read_folder(folder.parent / "training"), "t/")),
        "leads out": send(zhang, "b.zip", packed({**before, "../../../evil.yaml": b"x"})),
        "place": send(zhang, "fee.dmn", before["fee.dmn"], "../fee.dmn"),
        "no folder": send(zhang, "c.zip", packed({"readme.md": b"x"})),
    }
    program = bureau.config.home / "on_request.exe"
    program.write_bytes(b"MZ")
    for case, file in (("kind", program), ("too large", large)):  # told before it is sent
        zhang.set_input_files("#file", file)
        said[case] = zhang.locator(".file-names").inner_text()
    zhang.screenshot(path=pictures / "80-upload-refused.png", full_page=True)
    for case, words in {
        "no archive": "打不开",
        "another": "是“training”，不是“on_request”",
        "leads out": "evil.yaml”路径不合规则",
        "place": "“../fee.dmn”路径不合规则",
        "no folder": "没有 procedure.yaml",
        "kind": "“on_request.exe”不是可以上传的文件",
        "too large": "“large.zip”超过 50 MB",
    }.items():
        assert words in said[case]
    assert read_folder(folder) == before
    assert not list(folder.parent.rglob("evil.yaml"))

    send(zhang, "on_request.bpmn", b"<html>no diagram</html>")
    assert zhang.locator(".severity.is-error").count()
    zhang.screenshot(path=pictures / "81-no-diagram.png", full_page=True)
    assert "on_request.bpmn" in zhang.locator("main").inner_text()
    assert zhang.get_by_role("button", name="启用第2版").is_disabled()
    send(zhang, "on_request.bpmn", diagram)
    assert read_folder(folder) == before


def test_a_folder_comes_as_an_archive_and_goes_down_as_it_came(
    bureau: Bureau, pictures: Path
) -> None:
    folder = bureau.config.processes / "on_request"
    files = read_folder(folder)
    text = files["on_request.bpmn"].decode()
    assert LIMIT in text
    files["on_request.bpmn"] = text.replace(LIMIT, LIMIT.replace("P20WD", "P15WD")).encode()

    zhang = bureau.window("zhangwei")
    zhang.goto(bureau.address + "/procedures/on_request")
    way = zhang.locator("#path-text").text_content() or ""
    assert "受理审查" in way
    assert "handling_start" not in way  # a step without a name is not read out
    assert "存入" in send(zhang, "改好的.zip", packed(files))
    assert "有改动，未启用" in zhang.locator(".banner.is-soon").inner_text()
    assert "答复期限" in zhang.locator(".changes-list").inner_text()
    assert zhang.locator(".severity.is-error").count() == 0
    assert read_folder(folder) == files

    zhang.get_by_role("button", name="启用第2版").click()  # without a reason it stays where it is
    assert zhang.locator("table td.num").count() <= 1
    zhang.get_by_label("启用理由").fill("试行十五个工作日答复，局办公会纪要第12号")
    zhang.screenshot(path=pictures / "82-uploaded.png", full_page=True)
    zhang.get_by_role("button", name="启用第2版").click()
    zhang.get_by_text("已启用。新收的案件按新版本办理。").wait_for()

    with zhang.expect_download() as arriving:
        zhang.locator("a[href$='/versions/2.zip']").first.click()
    with zipfile.ZipFile(arriving.value.path()) as archive:
        came = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert came == files
