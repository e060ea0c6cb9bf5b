"""Parts of pages: what the tags make of what they are given."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation


def render(source, address="/list/", **context):
    request = RequestFactory().get(address)
    return Template("{% load ui %}" + source).render(Context({"request": request, **context}))


class Form(forms.Form):
    name = forms.CharField(label="名称", help_text="一句话")
    note = forms.CharField(required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "甲"), ("b", "乙")])
    agree = forms.BooleanField(required=False)
    photo = forms.FileField(required=False)
    version = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_ties_label_help_and_error_to_its_input():
    form = Form({"name": "", "kind": "a"})
    page = render("{% field form.name autocomplete='off' data_x='1' %}", form=form)
    assert '<label for="id_name">名称</label>' in page
    control = re.search(r"<input[^>]*>", page)[0]
    assert 'aria-describedby="id_name_help id_name_error"' in control
    assert 'aria-invalid="true"' in control
    assert 'autocomplete="off"' in control
    assert 'data-x="1"' in control
    assert 'id="id_name_help"' in page
    assert 'id="id_name_error"' in page


def test_a_field_without_errors_says_nothing_of_errors():
    page = render("{% field form.note %}", form=Form())
    assert "aria-invalid" not in page
    assert "aria-describedby" not in page
    assert "选填" in page


def test_choices_are_a_group_with_a_legend_and_a_label_each():
    page = render("{% field form.kind %}", form=Form())
    assert page.count("<legend>") == 1
    assert page.count('type="radio"') == 2
    assert 'for="id_kind_0"' in page


def test_a_hidden_field_has_no_label():
    assert (
        render("{% field form.version %}", form=Form()).strip()
        == '<input type="hidden" name="version" id="id_version">'
    )


def test_a_file_field_has_a_place_for_its_preview():
    page = render("{% field form.photo %}", form=Form())
    assert 'data-preview="#id_photo_preview"' in page
    assert 'id="id_photo_preview"' in page


def test_what_people_typed_is_never_markup():
    form = Form({"name": "<script>alert(1)</script>", "kind": "a"})
    page = render("{% field form.name %}{% badge text %}{% urgency 'due' text %}", form=form, text="<b>x</b>")
    assert "<script>" not in page
    assert "<b>" not in page


def test_each_command_is_another():
    page = render("{% command %}{% command %}")
    found = re.findall(r'name="command" value="([0-9a-f-]{36})"', page)
    assert len(set(found)) == 2


def test_a_clock_carries_what_the_script_needs():
    now = timezone.now()
    page = render("{% clock due warn start %}", due=now + timedelta(minutes=80, seconds=9), warn=now, start=now)
    assert 'class="clock"' in page
    assert 'data-level="due"' in page
    assert "剩余 1小时20分" in page
    for name in ("due", "warn", "from"):
        assert f"data-{name}=" in page


@pytest.mark.parametrize(("state", "words"), [("paused", "已暂停"), ("done", "已完成"), ("waiting", "未开始")])
def test_a_clock_that_does_not_run_does_not_tick(state, words):
    page = render("{% clock due state=state %}", due=timezone.now(), state=state)
    assert words in page
    assert "data-due" not in page


def test_a_clock_without_a_deadline_is_a_dash():
    assert render("{% clock nothing %}") == "—"
    assert render("{% moment nothing %}") == "—"
    assert render("{{ nothing|span }}") == "—"


def test_times_are_written_as_people_write_them(monkeypatch):
    now = datetime(2026, 4, 17, 20, 30, tzinfo=UTC)  # the 18th in Shanghai
    monkeypatch.setattr(timezone, "now", lambda: now)
    cases = {
        now - timedelta(hours=2): ("今天 02:30", "today 02:30"),
        now - timedelta(hours=20): ("昨天 08:30", "yesterday 08:30"),
        now - timedelta(days=9): ("4月9日 04:30", "9 Apr, 04:30"),
        now - timedelta(days=365): ("2025年4月18日 04:30", "18 Apr 2025, 04:30"),
    }
    for when, (chinese, english) in cases.items():
        with translation.override("zh-hans"):
            assert f">{chinese}</time>" in render("{% moment when %}", when=when)
        with translation.override("en"):
            assert f">{english}</time>" in render("{% moment when %}", when=when)
    assert ">2026年4月18日</time>" in render("{% moment when 'date' %}", when=now)
    assert ">04:30</time>" in render("{% moment when 'time' %}", when=now)
    assert ">2026年4月5日</time>" in render("{% moment day %}", day=date(2026, 4, 5))


def test_a_sorted_column_turns_round_and_drops_the_page():
    page = render("{% sort_header 'due' 'Due' %}", address="/list/?sort=due&after=x&q=水")
    assert 'aria-sort="ascending"' in page
    assert "sort=-due" in page
    assert "after=" not in page
    assert "q=%E6%B0%B4" in page
    other = render("{% sort_header 'title' 'Title' 'end' %}", address="/list/?sort=-due")
    assert "aria-sort" not in other
    assert 'class="end"' in other
    assert "sort=title" in other
    assert 'aria-sort="descending"' in render("{% sort_header 'due' 'Due' %}", address="/list/?sort=-due")


def test_the_pager_keeps_the_filters_and_one_cursor():
    page = render("{% pager page %}", address="/list/?q=a&after=old", page={"next": "n w", "previous": "p", "total": 3})
    assert "?q=a&amp;after=n+w" in page
    assert "?q=a&amp;before=p" in page
    assert "共 3 条" in page
    assert "rel=" not in render("{% pager page %}", page={"next": "", "previous": None, "total": 0})


def parts(page):
    return re.findall(r'<rect class="(\w+)" x="([\d.]+)%" width="([\d.]+)%"', page)


def test_bars_of_a_clock_show_used_paused_and_over():
    legs = [
        {"name": "受理", "state": "done", "limit": 15, "used": 5},
        {"name": "派遣", "state": "done", "limit": 30, "used": 45},
        {"name": "处置", "state": "paused", "limit": 60, "used": 30, "paused": 60},
        {"name": "核查", "state": "waiting", "limit": 60},
    ]
    page = render("{% clock_bar legs %}", legs=legs)
    assert parts(page) == [
        ("done", "0.00", "33.33"),
        ("done", "0.00", "66.67"),
        ("over", "66.67", "33.33"),
        ("used", "0.00", "25.00"),
        ("paused", "25.00", "50.00"),
    ]
    assert 'x1="66.67%"' in page
    assert "超 15分钟" in page
    assert "用时 45分钟，限时 30分钟" in page
    assert "暂停 1小时" in page
    assert "style=" not in page


def test_a_running_leg_has_the_colour_of_its_urgency():
    due = timezone.now() + timedelta(minutes=5)
    leg = {"name": "处置", "state": "running", "limit": 60, "used": 55, "due": due}
    assert parts(render("{% clock_bar legs %}", legs=[leg]))[0][0] == "due"
    leg |= {"due": due + timedelta(days=1)}
    assert parts(render("{% clock_bar legs %}", legs=[leg]))[0][0] == "used"


def test_a_leg_without_a_limit_is_shown_by_its_time_alone():
    page = render("{% clock_bar legs %}", legs=[{"name": "等待", "state": "done", "used": 20}])
    assert "用时 20分钟" in page
    assert "限时" not in page


def test_a_dialog_escapes_its_title_and_opens_at_once_when_asked():
    page = render("{% dialog id='x' title=title open=True %}<p>in</p>{% enddialog %}", title="<b>")
    assert "&lt;b&gt;" in page
    assert "<p>in</p>" in page
    assert "data-open-now" in page
    assert "data-open-now" not in render("{% dialog id='x' title='t' %}{% enddialog %}")
