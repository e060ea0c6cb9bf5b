"""The page shell: languages, security headers, error pages, and nothing inline anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

import qipan
from qipan.assembly import assets
from qipan.foundation.posts.rules import Role
from tests import factories

SOURCE = Path(qipan.__file__).parent
INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|\shx-on|<script(?![^>]*(\ssrc=|application/json))", re.I
)


def templates() -> list[Path]:
    return sorted(SOURCE.rglob("templates/**/*.html"))


def text(response: HttpResponse) -> str:
    return response.content.decode()


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_template_has_a_script_or_a_style_of_its_own(path):
    found = INLINE.search(path.read_text())
    assert not found, f"{found and found[0]!r} would be stopped by the content policy"


@pytest.mark.parametrize(
    ("language", "lang", "words"), [("zh-hans", 'lang="zh-Hans"', "页面部件"), ("en", 'lang="en"', "Parts of pages")]
)
def test_a_page_is_whole_in_the_language_asked_for(client, language, lang, words):
    page = text(client.get("/style/", headers={"accept-language": language}))
    assert f"<html {lang}" in page
    assert f"<title>{words} · 棋盘 Qipan</title>" in page
    assert not INLINE.search(page)


def test_chinese_comes_first_where_nobody_asked(client):
    assert 'lang="zh-Hans"' in text(client.get("/style/"))


def test_the_policy_lets_only_our_own_files_run(client):
    policy = client.get("/style/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


def test_every_built_file_a_page_names_is_served(client):
    page = text(client.get("/style/"))
    names = re.findall(r'(?:href|src)="(/static/[^"#]+)', page)
    assert any(name.endswith(".js") for name in names)
    for name in set(names):
        answer = client.get(name)
        assert answer.status_code == 200, name
        if "/built/" in name:
            assert "immutable" in answer.headers["Cache-Control"]


def test_scripts_and_styles_go_over_a_slow_line_compressed(client):
    for name in ("app.js", "style.css", "fonts.css"):
        answer = client.get(assets.address(name), headers={"accept-encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.content) < 40_000


def test_the_build_has_every_entry():
    assert {"app.js", "style.css", "fonts.css", "paper.css"} <= set(assets.manifest())


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "本辖区没有此页面"), ("en", "There is no such page")])
def test_a_missing_page_says_so_in_both_languages(client, language, words):
    answer = client.get("/there-is-nothing-here/", headers={"accept-language": language})
    assert answer.status_code == 404
    assert words in text(answer)


@pytest.mark.django_db
def test_who_is_signed_in_reads_of_an_error_with_the_navigation_beside_it(client):
    factories.sign_in(client, factories.post(area=factories.district("甲区")))
    for address, status in (("/there-is-nothing-here/", 404), ("/people/", 403), ("/my-work/?after=%00", 400)):
        answer = client.get(address)
        assert answer.status_code == status
        assert 'id="rail"' in text(answer)
        assert text(answer).count("<h1") == 1
    assert 'id="rail"' not in text(Client().get("/there-is-nothing-here/"))


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "没有此页面"), ("en", "There is no such page")])
def test_a_resident_who_errs_is_led_back_to_the_public_pages(client, language, words):
    client.cookies["django_language"] = language
    page = text(client.get("/public/nowhere/"))
    assert f"<h1>{words}</h1>" in page
    assert 'href="/public/"' in page
    assert 'href="/"' not in page
    assert "12345" in page


def test_a_failure_shows_a_page_of_its_own(monkeypatch):
    monkeypatch.setattr("qipan.assembly.style_page._content", lambda: 1 / 0)
    answer = Client(raise_request_exception=False).get("/style/")
    assert answer.status_code == 500
    assert "系统出现故障" in text(answer)
    assert "division" not in text(answer)


def test_a_form_without_its_token_is_explained():
    answer = Client(enforce_csrf_checks=True).post("/style/", {"title": "x"})
    assert answer.status_code == 403
    assert "此表单已失效" in text(answer)


def test_the_language_is_changed_by_a_form_only(client):
    answer = client.get("/language/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "此地址仅用于提交表单" in text(answer)
    answer = client.post("/language/", {"language": "en", "next": "/style/"})
    assert answer.headers["Location"] == "/style/"
    assert 'lang="en"' in text(client.get("/style/"))


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_changing_the_language_leads_nowhere_else(client, target):
    answer = client.post("/language/", {"language": "en", "next": target})
    assert answer.headers["Location"] == "/"


def test_the_theme_of_the_cookie_is_on_the_page_from_the_start(client):
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in text(client.get("/style/"))
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in text(client.get("/style/")).split("<head>")[0]


def test_a_form_with_errors_keeps_what_was_typed_and_names_the_field(client):
    answer = client.post("/style/", {"title": "", "phone": "12345", "kind": "hazard", "urgent": "no"})
    page = text(answer)
    assert answer.status_code == 422
    assert 'value="12345"' in page
    assert 'aria-invalid="true"' in page
    assert "手机号码应为11位数字" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "headers", "home"),
    [
        (Role.COMMANDER, {}, "/board/"),
        (Role.DISPATCHER, {"sec-ch-ua-mobile": "?1"}, "/board/"),
        (Role.ADMINISTRATOR, {"sec-ch-ua-mobile": "?0"}, "/board/"),
        (Role.HANDLER, {"sec-ch-ua-mobile": "?0", "user-agent": "Mobile"}, "/board/"),
        (Role.HANDLER, {"sec-ch-ua-mobile": "?1"}, "/my-work/"),
        (Role.HANDLER, {"user-agent": "Mozilla/5.0 (Android 14; Mobile) Firefox/140.0"}, "/my-work/"),
        (Role.GRID_WORKER, {}, "/my-work/"),
        (Role.GRID_WORKER, {"sec-ch-ua-mobile": "?1"}, "/field/"),
        (Role.AUDITOR, {}, "/my-work/"),
    ],
)
def test_everybody_starts_where_their_work_is(role, headers, home):
    client = factories.sign_in(Client(), factories.post(role, factories.tree()))
    assert client.get("/", headers=headers).headers["Location"] == home
    assert client.get(home).status_code == 200


@pytest.mark.django_db
def test_a_link_to_the_home_page_keeps_what_it_says():
    client = factories.sign_in(Client(), factories.post(Role.COMMANDER, factories.tree()))
    assert client.get("/?incident=1&view=x").headers["Location"] == "/board/?incident=1&view=x"
