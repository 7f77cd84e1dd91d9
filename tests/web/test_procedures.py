"""An administrator changes a procedure: by editing the folder, by a .zip, by one file; and sees what it does."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine import commands, queries
from engine.commands import UploadUnusable, upload_folder
from engine.commands.folders import unpacked
from engine.errors import Denied
from tests.web.conftest import Client, look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text


@pytest.fixture
def zhang(real: RealOffice) -> Client:
    return real.browser("zhang")


def folder(real: RealOffice) -> dict[str, bytes]:
    where = real.processes / "visit"
    return {
        path.relative_to(where).as_posix(): path.read_bytes()
        for path in where.rglob("*")
        if path.is_file()
    }


def packed(files: Mapping[str, bytes], top: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(top + path, data)
    return buffer.getvalue()


def edit(real: RealOffice, path: str, before: str, after: str) -> None:
    file = real.processes / "visit" / path
    content = file.read_text("utf-8")
    assert before in content
    file.write_text(content.replace(before, after), "utf-8")


def changes(real: RealOffice) -> list[str]:
    page = queries.procedure_page(real.env, real.actor("zhang"), "visit")
    return [
        f"{one.tag} {one.name}：{one.text}" + (f" {one.before} → {one.after}" if one.after else "")
        for one in page.differences
    ]


def test_a_limit_changed_in_the_file_is_told_and_new_cases_follow_it(
    real: RealOffice, zhang: Client
) -> None:
    first = real.start()
    edit(real, "visit.bpmn", 'length="P20WD"', 'length="P10WD"')
    edit(real, "visit.bpmn", '<gk:due length="P5WD"/>', '<gk:due clock="reply" offset="-P3WD"/>')
    assert "有改动，未启用" in text(zhang.get("/procedures").main)
    page = zhang.get("/procedures/visit")
    listed = [text(one) for one in page.select(".changes-list tr")]
    assert "改 科室提供 ：内部时限由 5个工作日 改为 答复期限届满前3个工作日 visit.bpmn" in listed
    assert "改 答复期限 ：期限由 20个工作日 改为 10个工作日 visit.bpmn" in listed
    assert page.select_one(".diagram")["data-xml"] == "/procedures/visit/folder/diagram.bpmn"
    progress = json.loads(page.select_one("#diagram-progress").text)
    assert progress == {"provide": {"mark": "改", "state": "changed"}}
    assert "与第1版有2处不同" in text(page.select_one(".banner"))
    assert zhang.post("/procedures/visit/deploy", {"reason": "会议纪要第3号"}).status_code == 303
    second = real.start()
    with_clock = {
        number: queries.case_page(real.env, real.actor("zhou"), number).head.clock
        for number in (first.case_id, second.case_id)
    }
    assert str(with_clock[first.case_id].due) == "2026-11-30"
    assert str(with_clock[second.case_id].due) == "2026-11-16"
    page = zhang.get("/procedures/visit")
    assert "2件（第2版1件，第1版1件）" in text(page.select_one("dl.facts"))
    page = zhang.get("/procedures/visit/versions/2")
    assert "与第1版比较 2处不同" in text(page.main)
    assert "会议纪要第3号" in text(page.main)
    assert "科室提供 1件" in text(page.aside)
    assert "这是第一版。" in text(zhang.get("/procedures/visit/versions/1").main)
    zhang.get("/procedures/visit/versions/9", 404)


def test_steps_paths_roles_forms_and_registers_are_told(real: RealOffice) -> None:
    edit(real, "visit.bpmn", 'name="归档" camunda:candidateGroups="disclosure_officer"',
         'name="入档" camunda:candidateGroups="office_head"')  # fmt: skip
    edit(real, "visit.bpmn", 'decision = "agree"', 'decision != "back"')
    edit(real, "visit.bpmn", '<gk:form key="provide"/>', "")
    edit(
        real,
        "forms/review.yaml",
        "label: 退回理由, type: text",
        "label: 退回理由, type: textarea, required: true",
    )
    edit(real, "forms/register.yaml", "label: 事由, type: text, required: true}",
         "label: 事由, type: text, required: true}\n      - {key: copies, label: 份数, type: integer, required: true}")  # fmt: skip
    edit(
        real, "procedure.yaml", "  - {key: name, label: 来访人, value: name, personal: true}\n", ""
    )
    found = changes(real)
    for told in (
        "changed 入档：名称 归档 → 入档",
        "changed 入档：办理人 信息公开专员 → 办公室主任",
        "changed 科室提供：表单 provide → （无）",
        'changed agreed → 入档（同意）：条件 decision = "agree" → decision != "back"',
        "changed 审核：“退回理由”的填写要求 可不填 → 必填",
        "changed 审核：“退回理由”的类型 text → textarea",
        "changed 登记：表单增加“份数”，必填",
        "changed 来访登记：台账的列去掉“来访人”",
    ):
        assert told in found, found


def test_a_new_step_is_told_with_its_place_and_a_lost_one_with_its_cases(
    real: RealOffice, zhang: Client
) -> None:
    real.start()
    step = (
        '<bpmn:userTask id="cosign" name="法规科会签" camunda:candidateGroups="section_head">'
        '<bpmn:extensionElements><gk:unit value="policy"/><gk:due length="P2WD"/></bpmn:extensionElements>'
        "<bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f3b</bpmn:outgoing></bpmn:userTask>"
        '<bpmn:sequenceFlow id="f3b" sourceRef="cosign" targetRef="review"/>'
    )
    edit(real, "visit.bpmn", '<bpmn:userTask id="review"', step + '<bpmn:userTask id="review"')
    edit(real, "visit.bpmn", '<bpmn:sequenceFlow id="f3" sourceRef="provide" targetRef="review"/>',
         '<bpmn:sequenceFlow id="f3" sourceRef="provide" targetRef="cosign"/>')  # fmt: skip
    edit(real, "visit.bpmn", "<bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>",
         "<bpmn:incoming>f3b</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>")  # fmt: skip
    assert changes(real) == [
        "new 法规科会签：科室提供之后，审核之前，由 科室负责人 办理，内部时限2个工作日"
    ]
    content = (real.processes / "visit" / "visit.bpmn").read_text("utf-8")
    (real.processes / "visit" / "visit.bpmn").write_text(
        content.replace('"provide"', '"supply"').replace('key="supply"', 'key="provide"'), "utf-8"
    )
    page = zhang.get("/procedures/visit")
    assert "停在“科室提供”的1件：新版本没有这一步，只能按原版本办完。" in text(page.aside)


def test_a_broken_folder_shows_why_and_cannot_be_put_into_force(
    real: RealOffice, zhang: Client
) -> None:
    edit(real, "visit.bpmn", "</bpmn:definitions>", "")
    page = zhang.get("/procedures/visit")
    assert page.select_one(".actions .btn-primary")["aria-disabled"] == "true"
    assert page.select_one(".severity.is-error") is not None
    (real.processes / "visit" / "program.exe").write_bytes(b"MZ")
    assert "流程文件夹里不放这种文件" in text(zhang.get("/procedures/visit").main)


def test_a_version_comes_back_as_it_was_uploaded(real: RealOffice, zhang: Client) -> None:
    answer = zhang.http.get("/procedures/visit/versions/1.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    files = unpacked(answer.data)
    assert files == folder(real)
    files["procedure.yaml"] = files["procedure.yaml"].replace(
        "来访登记".encode(), "来访接待".encode()
    )
    sent = {"file": (io.BytesIO(packed(files, "visit/")), "visit.zip")}
    answer = zhang.post("/procedures/visit/upload", sent, content_type="multipart/form-data")
    assert answer.status_code == 303
    assert folder(real) == files
    page = zhang.get("/procedures/visit")
    assert "名称由 来访登记 改为 来访接待" in text(page.main)
    assert sorted(one.name for one in real.processes.iterdir()) == ["_office", "visit"]
    trail = queries.audit_page(real.env, real.actor("meng"), {"kind": "FolderUploaded"})
    assert [row.who for row in trail.rows] == ["张维"]


def test_one_file_takes_its_place(real: RealOffice, zhang: Client) -> None:
    form = folder(real)["forms/review.yaml"] + b"\n# changed\n"
    sent = {"file": (io.BytesIO(form), "review.yaml")}
    assert (
        zhang.post("/procedures/visit/upload", sent, content_type="multipart/form-data").status_code
        == 303
    )
    assert folder(real)["forms/review.yaml"] == form
    for name, path, told in (
        ("new.yaml", "", "看不出“new.yaml”该放在哪里"),
        ("x.yaml", "../_office/roles.yaml", "路径不合规则"),
        ("x.yaml", "/etc/x.yaml", "路径不合规则"),
        ("x.sh", "", "看不出"),
        ("x.sh", "x.sh", "不能放进流程文件夹"),
    ):
        sent = {"file": (io.BytesIO(b"key: x"), name), "path": path}
        answer = zhang.post("/procedures/visit/upload", sent, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert told in text(look_over(answer).main)
    assert (real.processes / "_office" / "roles.yaml").read_bytes() != b"key: x"


def test_a_new_procedure_arrives_as_a_folder_that_waits(real: RealOffice, zhang: Client) -> None:
    files = {
        path.replace("visit.bpmn", "call.bpmn"): data.replace(b'id="visit', b'id="call')
        for path, data in folder(real).items()
    }
    files["procedure.yaml"] = files["procedure.yaml"].replace(b"key: visit", b"key: call")
    sent = {"file": (io.BytesIO(packed(files)), "call.zip")}
    answer = zhang.post("/procedures/upload", sent, content_type="multipart/form-data")
    assert answer.location == "/procedures/call"
    page = zhang.get("/procedures/call")
    assert "新的文件夹，未启用" in text(page.main)
    assert text(page.select_one(".actions .btn-primary")) == "启用第1版"
    assert zhang.post("/procedures/call/deploy", {"reason": "试行"}).status_code == 303
    assert "call" in real.env.procedures_in_force()


def bad_archives() -> dict[str, bytes]:
    link = zipfile.ZipInfo("link.yaml")
    link.external_attr = 0o120777 << 16
    linked, bomb = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(linked, "w") as archive:
        archive.writestr("procedure.yaml", "key: visit")
        archive.writestr(link, "/etc/passwd")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("procedure.yaml", "key: visit")
        archive.writestr("README.md", b"0" * 7_000_000)
    own = {"procedure.yaml": b"key: visit"}
    return {
        "打不开": b"no archive",
        "路径": packed({**own, "../../outside.yaml": b"x"}),
        "路径不": packed({**own, "/absolute.yaml": b"x"}),
        "路径不合": packed({**own, "C:\\windows.yaml": b"x"}),
        "链接": linked.getvalue(),
        "太大": bomb.getvalue(),
        "不能放进": packed({**own, "run.py": b"x"}),
        "procedure.yaml 里没有 key": packed({"procedure.yaml": b"title: x"}),
        "没有 procedure.yaml": packed({"README.md": b"x"}),
        "不是“visit”": packed({"procedure.yaml": b"key: other"}),
        "太多": packed({**own, **{f"forms/f{n}.yaml": b"x" for n in range(401)}}),
    }


@pytest.mark.parametrize(("told", "archive"), bad_archives().items())
def test_a_bad_archive_changes_nothing(real: RealOffice, told: str, archive: bytes) -> None:
    before = folder(real)
    with pytest.raises(UploadUnusable) as refused:
        upload_folder(real.env, real.actor("zhang"), archive, key="visit")
    assert told in refused.value.sentence
    assert folder(real) == before
    assert sorted(one.name for one in real.processes.iterdir()) == ["_office", "visit"]
    assert not (real.processes.parent / "outside.yaml").exists()


def test_only_those_who_may_deploy_bring_files(real: RealOffice) -> None:
    with pytest.raises(Denied):
        upload_folder(real.env, real.actor("zhou"), packed(folder(real)))
    sent = {"file": (io.BytesIO(b"x"), "x.zip")}
    answer = real.browser("meng").post(
        "/procedures/visit/upload", sent, content_type="multipart/form-data"
    )
    assert answer.status_code == 403


def test_the_offices_own_data_has_its_page(real: RealOffice, zhang: Client) -> None:
    real.start()
    file = real.processes / "_office" / "units.yaml"
    file.write_text(file.read_text("utf-8").replace("房屋安全管理科", "房屋安全科"), "utf-8")
    page = zhang.get("/procedures/_office")
    assert "units.yaml ：文件有改动" in text(page.main)
    assert zhang.post("/procedures/_office/deploy", {"reason": "更名"}).status_code == 303
    assert real.env.institution().office.units["housing"].title == "房屋安全科"
    assert Path(real.processes / "_office").is_dir()


def test_who_keeps_the_procedures_reads_no_case(real: RealOffice, zhang: Client) -> None:
    case = real.start(title="机密的事由")
    for path in ("/procedures", "/procedures/visit", "/procedures/visit/versions/1"):
        assert "机密的事由" not in zhang.get(path).text
    zhang.get(f"/cases/{case.case_id}", 404)
    assert commands.verify_audit(real.env) == []


def test_a_version_with_a_later_date_is_followed_by_cases_from_that_day_on(
    real: RealOffice, zhang: Client
) -> None:
    edit(real, "visit.bpmn", 'length="P20WD"', 'length="P10WD"')
    deploy = {"reason": "会议纪要第3号", "from_day": "2026-11-01"}
    refused = zhang.post("/procedures/visit/deploy", deploy)
    assert refused.status_code == 422
    assert "施行日期不能早于今天" in refused.text
    deploy["from_day"] = "2026-11-10"
    assert zhang.post("/procedures/visit/deploy", deploy).status_code == 303
    page = zhang.get("/procedures/visit")
    assert "待施行 第2版 ，2026年11月10日（周二）施行" in text(page.select_one("dl.facts"))
    versions = [text(row) for row in page.select("table:last-of-type tbody tr")]
    assert versions[0].startswith("第2版 待施行")
    assert versions[1].startswith("第1版 现行")

    early = real.start()
    real.at("2026-11-10")
    late = real.start(received_on="2026-11-10")
    found = [
        str(queries.case_page(real.env, real.actor("zhou"), one.case_id).head.clock.due)
        for one in (early, late)
    ]
    assert found == ["2026-11-30", "2026-11-24"]  # 20 working days, then 10
    page = real.browser("zhang").get("/procedures/visit")
    assert text(page.select("table:last-of-type tbody tr")[0]).startswith("第2版 现行")


def test_a_version_that_waits_is_replaced_by_a_newer_one(real: RealOffice, zhang: Client) -> None:
    edit(real, "visit.bpmn", 'length="P20WD"', 'length="P10WD"')
    zhang.post("/procedures/visit/deploy", {"reason": "会议纪要第3号", "from_day": "2026-11-10"})
    edit(real, "visit.bpmn", 'length="P10WD"', 'length="P15WD"')
    zhang.post("/procedures/visit/deploy", {"reason": "会议纪要第4号"})
    numbers = {}
    for day in ("2026-11-03", "2026-11-12"):
        real.at(day)
        version = real.env.version_in_force("visit")
        numbers[day] = real.env.deployed(version).number
    assert numbers == {"2026-11-03": 3, "2026-11-12": 3}
