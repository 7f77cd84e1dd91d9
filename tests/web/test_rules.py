"""The written rules of a procedure on screen: everybody who is signed in reads them, and takes them as a document."""

from __future__ import annotations

import io

from docx import Document

from tests.web.real import RealOffice


def test_who_works_by_a_procedure_reads_its_rules(real: RealOffice):
    page = real.browser("zhou").get("/procedures/visit/rules")
    assert page.h1.text.strip().endswith("制度")
    text = page.find("article").text
    assert "第一条" in text
    assert "第1版流程图" in text


def test_the_rules_come_as_a_document_with_the_same_articles(real: RealOffice):
    browser = real.browser("zhou")
    shown = browser.get("/procedures/visit/rules").find("article")
    answer = browser.http.get("/procedures/visit/rules.docx")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    written = "".join(one.text for one in Document(io.BytesIO(answer.data)).paragraphs)
    for item in shown.find_all("li"):
        assert item.text in written


def test_a_case_leads_to_the_rules_of_its_own_version(real: RealOffice):
    moved = real.start()
    page = real.browser("zhou").get(f"/cases/{moved.case_id}")
    link = page.find("a", string="制度文本")
    assert link["href"] == "/procedures/visit/rules?number=1"


def test_a_procedure_that_is_not_there_has_no_rules(real: RealOffice):
    real.browser("zhou").get("/procedures/nothing/rules", status=404)
    real.browser("zhou").get("/procedures/visit/rules?number=9", status=404)
