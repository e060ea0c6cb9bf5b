"""Units and posts from files, as districts send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import openpyxl
import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qipan.assembly import cli
from qipan.foundation.areas import imports
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts import commands, queries
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import tables
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
UNITS = """编号,名称,类型,区域代码,上级编号,联系方式
CG,区城市管理局,部门,410505,,0372-1
CG-1,执法一中队,专班,410505,CG,
JD-1,纱厂路街道办事处,街道,410505001,,
"""
POSTS = """用户名,姓名,角色,区域代码,单位编号,类别,起始日期,截止日期,负责人,值班电话
wang.li,王丽,值班指挥长,410505,,,,,,0372-5110000
zhao,赵强,承办人,,CG,,2026-01-01,,是,
zhao,赵强,派遣员,410505001000,JD-1,,,,,
qian,钱芳,采样员,410505001,,应急,,2026-03-31,,
"""


@pytest.fixture
def root():
    return factories.tree(name="殷都区", prefix="410505")


def load(root, text, kind="posts", **more):
    data = text if isinstance(text, bytes) else text.encode()
    return imports.load(data, kind=kind, district=root, by=SYSTEM, at=NOW, **more)


def refused(root, text, kind="posts"):
    """(line, what is wrong) of a file that is refused; nothing of it may be there afterwards."""
    before = (Person.objects.count(), Post.objects.count(), Unit.objects.count(), Entry.objects.count())
    with pytest.raises(imports.NothingLoaded) as found:
        load(root, text, kind)
    assert (Person.objects.count(), Post.objects.count(), Unit.objects.count(), Entry.objects.count()) == before
    return [(problem.line, problem.code) for problem in found.value.result.problems]


def test_units_and_posts_of_a_district_are_loaded(root):
    assert load(root, UNITS, "units").counts["new"] == 3
    assert Unit.objects.get(code="CG-1").parent == Unit.objects.get(code="CG")
    assert load(root, POSTS).counts["new"] == 4
    zhao = Person.objects.get(username="zhao")
    assert not zhao.has_usable_password()
    assert [(post.role, post.head) for post in queries.in_force(zhao, NOW)] == [
        ("handler", True),
        ("dispatcher", False),
    ]
    (qian,) = queries.in_force(Person.objects.get(username="qian"), NOW)
    assert qian.valid_to == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    assert Entry.objects.filter(kind__in=["posts.imported", "posts.units_imported"]).count() == 2
    assert "王丽" not in str([entry.detail for entry in Entry.objects.all()])


def test_the_same_file_again_changes_nothing_and_records_nothing(root):
    load(root, UNITS, "units")
    load(root, POSTS)
    entries = Entry.objects.count()
    for text, kind in ((UNITS, "units"), (POSTS, "posts")):
        again = load(root, text, kind)
        assert (again.counts["unchanged"], again.loaded) == (len(text.strip().splitlines()) - 1, False)
    assert Entry.objects.count() == entries
    assert Post.objects.count() == 4


def test_a_corrected_file_changes_only_what_differs(root):
    load(root, UNITS, "units")
    load(root, POSTS)
    changed = load(root, POSTS.replace("0372-5110000", "0372-5119999").replace("2026-03-31", "2026-04-30"))
    assert (changed.counts["changed"], changed.counts["unchanged"]) == (2, 2)
    assert Person.objects.get(username="wang.li").phone == "0372-5119999"
    moved = load(root, UNITS.replace("CG-1,执法一中队,专班,410505,CG", "CG-1,执法一中队,专班,410505,JD-1"), "units")
    assert moved.counts["changed"] == 1
    assert Unit.objects.get(code="CG-1").parent.code == "JD-1"


def test_looking_first_changes_nothing(root):
    result = imports.check(UNITS.encode(), kind="units", district=root, at=NOW)
    assert (result.counts["new"], result.loaded) == (3, False)
    assert not Unit.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_files_of_excel_and_wps_are_read_in_their_encodings(root, encoding):
    assert load(root, UNITS.encode(encoding), "units").counts["new"] == 3


def test_a_workbook_is_read_and_a_formula_refused(root):
    book = openpyxl.Workbook()
    for line in UNITS.strip().splitlines():
        book.active.append(line.split(","))
    file = BytesIO()
    book.save(file)
    assert load(root, file.getvalue(), "units").counts["new"] == 3
    book.active["B2"] = "=1+1"
    file = BytesIO()
    book.save(file)
    assert refused(root, file.getvalue(), "units") == [(2, "formula")]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("x,王,指挥,410505,,,,,,", "not_a_choice"),
        ("x,王,检验员,999999,,,,,,", "unknown_code"),
        ("x,王,检验员,,,,,,,", "empty"),
        ("x,王,检验员,410505,NO,,,,,", "unknown_unit"),
        ("13800138000,王,检验员,410505,,,,,,", "bad_username"),
        ("two words,王,检验员,410505,,,,,,", "bad_username"),
        (",王,检验员,410505,,,,,,", "empty"),
        ("x,,检验员,410505,,,,,,", "empty"),
        ("x,13800138000,检验员,410505,,,,,,", "personal_number"),
        ("x,王,检验员,410505,,应急,,,,", "emergency_needs_end"),
        ("x,王,检验员,410505,,,,2020-01-01,,", "ends_before_it_begins"),
        ("x,王,检验员,410505,,,15/05/20,,,", "short_year"),
        ("x,王,检验员,410505,,,,,是,", "head_of_nothing"),
        ("wang.li,王,检验员,410505,,,,,,", "two_names"),
        ("wang.li,王丽,值班指挥长,410505,,,,,,", "twice"),
        ("elsewhere,王,检验员,410505,,,,,,", "foreign_username"),
    ],
)
def test_one_wrong_row_refuses_the_whole_file_and_is_named(root, row, problem):
    load(root, UNITS, "units")
    factories.person(district=factories.district(), username="elsewhere")
    assert refused(root, POSTS + row + "\n") == [(6, problem)]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("CG,别的,部门,410505,,", "twice"),
        ("X,别的,飞船,410505,,", "not_a_choice"),
        ("X,别的,部门,410505,NONE,", "unknown_unit"),
        ("X,别的,部门,410505,X,", "unit_circle"),
        (",别的,部门,410505,,", "empty"),
    ],
)
def test_a_wrong_unit_refuses_the_whole_file(root, row, problem):
    assert refused(root, UNITS + row + "\n", "units") == [(5, problem)]


def test_another_districts_units_are_left_alone(root):
    other = factories.tree(name="别区", prefix="999999")
    unit = factories.unit(area=other, code="CG", name="别区城管局")
    load(root, UNITS, "units")
    unit.refresh_from_db()
    assert unit.name == "别区城管局"


def test_a_file_that_is_no_table_is_refused_whole(root):
    for data, refusal in (
        (b"\x89PNG\r\n\x1a\n", tables.NotText),
        ("编号,名称\nA,B\n".encode(), tables.MissingColumn),
        (b"", tables.EmptyFile),
    ):
        with pytest.raises(refusal):
            load(root, data, "units")


def test_an_administrator_sends_files_over_the_page_and_sees_them_before_they_are_loaded(client, root):
    admin = factories.sign_in(client, factories.post(Role.ADMINISTRATOR, root))
    for kind, text, rows in (("units", UNITS, 3), ("posts", POSTS.replace("2026-03-31", "2099-03-31"), 4)):
        file = SimpleUploadedFile("file.csv", text.encode("gb18030"))
        sent = admin.post("/imports/new/", {"kind": kind, "file": file, "datum": "wgs84", "command": uuid4()})
        assert sent.status_code == 302, sent.content.decode()
        assert str(rows) in admin.get(sent["Location"]).content.decode()
        assert Unit.objects.count() == (0 if kind == "units" else 3)
        admin.post(f"{sent['Location']}load/", {"command": uuid4()})
    assert Person.objects.filter(username="zhao").exists()
    changed = SimpleUploadedFile("file.csv", UNITS.replace("0372-1", "0372-2").encode())
    sent = admin.post("/imports/new/", {"kind": "units", "file": changed, "datum": "wgs84", "command": uuid4()})
    assert "联系方式" in admin.get(sent["Location"]).content.decode()
    stranger = factories.sign_in(Client(), factories.post(Role.HANDLER, root))
    assert stranger.get("/imports/new/").status_code == 403


def test_the_command_line_says_what_would_happen_what_did_and_what_is_wrong(root, tmp_path):
    for command in commands.COMMANDS:
        cli.add(command)
    file, errors = tmp_path / "units.csv", tmp_path / "errors.csv"

    def run(text, *words, kind="units"):
        file.write_text(text)
        done = CliRunner().invoke(cli.qipan, ["import", kind, str(file), "--district", "410505", "--json", *words])
        return done.exit_code, json.loads(done.stdout)

    assert run(UNITS, "--dry-run")[1]["counts"]["new"] == 3
    assert not Unit.objects.exists()
    code, told = run(UNITS)
    assert (code, told["loaded"]) == (0, True)
    code, told = run(
        POSTS.replace("2026-03-31", "2099-03-31") + "x,王,检验员,999999,,,,,,\n", "--errors", str(errors), kind="posts"
    )
    assert (code, told["loaded"], told["problems"][0]["line"]) == (3, False, 6)
    assert "999999" in errors.read_text(encoding="utf-8-sig")
    assert not Post.objects.exists()
