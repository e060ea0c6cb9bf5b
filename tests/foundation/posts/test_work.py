"""Units, shifts, volunteers, hand-over, and the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from qipan.assembly import cli
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts import operations, queries
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Person, Post, Unit, Volunteer
from qipan.foundation.posts.operations.handover import HOOKS, HandOver, NobodyToTakeIt, SamePerson
from qipan.foundation.posts.operations.posts import HeadOfNothing
from qipan.foundation.posts.operations.shifts import NotOnShift, OnShiftAlready
from qipan.foundation.posts.operations.units import CodeTaken, InACircle, Nameless, UnitInUse, UnitsBelow
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.foundation.vault import queries as vault
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def admin():
    return factories.post(Role.ADMINISTRATOR, factories.tree())


class TestUnits:
    def create(self, admin, **more):
        return operations.create_unit(
            **{"area": admin.area, "kind": "department", "name": "城管局", "by": admin, "at": NOW, **more}
        )

    def test_a_unit_has_its_code_to_itself_inside_the_district(self, admin):
        unit = self.create(admin, code="CG")
        with pytest.raises(CodeTaken):
            self.create(admin, name="别的", code="CG")
        other = factories.post(Role.ADMINISTRATOR)
        self.create(other, code="CG")
        with pytest.raises(Nameless):
            self.create(admin, name=" ")
        with pytest.raises(CodeTaken):
            operations.change_unit(unit_id=self.create(admin, name="城管二").pk, code="CG", by=admin, at=NOW)
        assert Entry.objects.filter(kind="posts.unit_created", unit_id=unit.pk).count() == 1

    def test_the_tree_of_units_has_no_circles(self, admin):
        top = self.create(admin)
        middle = self.create(admin, name="中队", parent=top)
        bottom = self.create(admin, name="小组", parent=middle)
        for wrong in (top, middle, bottom):
            with pytest.raises(InACircle):
                operations.change_unit(unit_id=top.pk, parent=wrong, by=admin, at=NOW) if wrong != top else (
                    operations.change_unit(unit_id=bottom.pk, parent=bottom, by=admin, at=NOW)
                )
        operations.change_unit(unit_id=bottom.pk, parent=top, by=admin, at=NOW)
        bottom.refresh_from_db()
        assert bottom.parent == top

    def test_a_unit_somebody_belongs_to_is_not_closed(self, admin):
        unit = self.create(admin)
        below = self.create(admin, name="中队", parent=unit)
        post = factories.post(Role.HANDLER, admin.area, below)
        with pytest.raises(UnitInUse):
            operations.close_unit(unit_id=below.pk, by=admin, at=NOW)
        with pytest.raises(UnitsBelow):
            operations.close_unit(unit_id=unit.pk, by=admin, at=NOW)
        operations.end(post_id=post.pk, by=admin, at=NOW)
        operations.close_unit(unit_id=below.pk, by=admin, at=NOW)
        operations.close_unit(unit_id=unit.pk, by=admin, at=NOW)
        assert queries.units(viewer=admin, at=NOW) == []

    def test_another_districts_unit_does_not_exist(self, admin):
        unit = self.create(factories.post(Role.ADMINISTRATOR))
        for act in (
            lambda: operations.change_unit(unit_id=unit.pk, name="x", by=admin, at=NOW),
            lambda: operations.close_unit(unit_id=unit.pk, by=admin, at=NOW),
            lambda: operations.add_volunteer(unit_id=unit.pk, name="x", by=admin, at=NOW),
            lambda: self.create(admin, parent=unit),
        ):
            with pytest.raises(NotFound):
                act()
        assert queries.units(viewer=admin, at=NOW) == []

    def test_the_head_of_a_unit_needs_a_unit(self, admin):
        who = {"person": factories.person(district=admin.district), "role": Role.HANDLER, "area": admin.area}
        with pytest.raises(HeadOfNothing):
            operations.appoint(**who, head=True, by=admin, at=NOW)
        post = operations.appoint(**who, unit=self.create(admin), head=True, by=admin, at=NOW)
        deputy = operations.deputise(
            post_id=post.pk, person=factories.person(district=admin.district), by=admin, at=NOW
        )
        assert deputy.head


def test_a_shift_is_opened_and_closed_once(admin):
    operations.open_shift(by=admin, at=NOW)
    with pytest.raises(OnShiftAlready):
        operations.open_shift(by=admin, at=NOW)
    assert list(queries.on_shift(viewer=admin, at=NOW)) == [admin]
    operations.close_shift(by=admin, at=NOW + timedelta(hours=8))
    with pytest.raises(NotOnShift):
        operations.close_shift(by=admin, at=NOW + timedelta(hours=8))
    assert Entry.objects.get(kind="posts.shift_closed").detail["minutes"] == 480
    assert list(queries.on_shift(viewer=admin, at=NOW + timedelta(hours=9))) == []


def test_a_volunteers_name_lies_in_the_vault_and_goes_when_they_leave(admin, settings, tmp_path):
    settings.KEYS = tmp_path
    unit = factories.unit(area=admin.area)
    given = {"unit_id": unit.pk, "by": admin, "at": NOW}
    one = operations.add_volunteer(name="张三丰", phone="13800138000", skills=["急救", " 急救", ""], **given)
    two = operations.add_volunteer(name="李四", **given)
    assert (one.number, two.number, one.skills) == (1, 2, ["急救"])
    assert "张三丰" not in str([vars(row) for row in (*Volunteer.objects.all(), *Entry.objects.all())])
    assert vault.masked([one.name_card_id])[one.name_card_id]["name"].startswith("张*")
    with pytest.raises(NotYours):
        operations.add_volunteer(name="x", unit_id=unit.pk, by=factories.post(Role.LAB, admin.area), at=NOW)
    operations.end_volunteer(volunteer_id=one.pk, by=admin, at=NOW)
    one.name_card.refresh_from_db()
    assert bytes(one.name_card.sealed) == b""
    assert queries.volunteers(viewer=admin) == [two]
    with pytest.raises(NotFound):
        operations.end_volunteer(volunteer_id=two.pk, by=factories.post(Role.ADMINISTRATOR), at=NOW)


class TestHandOver:
    @pytest.fixture
    def hook(self, monkeypatch):
        """Work of a room above: a number for each post."""
        owed: dict = {}

        def perform(*, giver, taker, by, at, reason):
            number = owed.pop(giver.pk, 0)
            owed[taker.pk] = owed.get(taker.pk, 0) + number
            return number

        monkeypatch.setitem(HOOKS, "test", HandOver("test", "Test", lambda *, giver: owed.get(giver.pk, 0), perform))
        return owed

    def test_all_posts_of_a_person_are_given_to_the_likest_of_the_other(self, admin, hook):
        unit = factories.unit(area=admin.area)
        giver = factories.person(district=admin.district)
        taker = factories.person(district=admin.district)
        dispatching = factories.post(Role.DISPATCHER, admin.area, person=giver)
        handling = factories.post(Role.HANDLER, admin.area, unit, person=giver)
        takes_dispatching = factories.post(Role.DISPATCHER, admin.area, person=taker)
        takes_handling = factories.post(Role.HANDLER, admin.area, unit, person=taker)
        hook.update({dispatching.pk: 3, handling.pk: 5})
        shown = operations.preview_hand_over(person_id=giver.pk, viewer=admin, at=NOW)
        assert {post.pk: counts["test"] for post, counts in shown} == {dispatching.pk: 3, handling.pk: 5}
        totals = operations.hand_over(giver_id=giver.pk, taker_id=taker.pk, by=admin, at=NOW, reason="leave")
        assert totals["test"] == 8
        assert hook == {takes_dispatching.pk: 3, takes_handling.pk: 5}
        assert Entry.objects.filter(kind="posts.handed_over").count() == 2

    def test_it_needs_somebody_else_with_a_post_here(self, admin, hook):
        giver = factories.post(Role.HANDLER, admin.area)
        idle = factories.person(district=admin.district)
        stranger = factories.post(Role.HANDLER)
        before = Entry.objects.count()
        with pytest.raises(NobodyToTakeIt):
            operations.hand_over(giver_id=giver.person_id, taker_id=idle.pk, by=admin, at=NOW)
        with pytest.raises(SamePerson):
            operations.hand_over(giver_id=giver.person_id, taker_id=giver.person_id, by=admin, at=NOW)
        with pytest.raises(NotFound):
            operations.hand_over(giver_id=giver.person_id, taker_id=stranger.person_id, by=admin, at=NOW)
        with pytest.raises(NotYours):
            operations.hand_over(giver_id=giver.person_id, taker_id=admin.person_id, by=giver, at=NOW)
        assert Entry.objects.count() == before


class TestCommandLine:
    def run(self, *words, typed="", fails=0):
        done = CliRunner().invoke(cli.complete(), ["--json", *words], input=typed)
        assert done.exit_code == fails, done.output
        return json.loads(done.stdout.strip().splitlines()[-1]) if not fails else done.output

    def test_a_new_district_gets_its_first_administrator(self):
        root = factories.area(None, "新区", "430000")
        self.run("user", "add", "zhang", "--name", "张", "--district", "430000", typed="a long new phrase\n")
        (post,) = self.run("post", "appoint", "zhang", "administrator", "--area", "新区")
        assert Person.objects.get().check_password("a long new phrase")
        assert [row["id"] for row in self.run("post", "list", "--area", "430000")] == [post["id"]]
        assert queries.in_force(Person.objects.get(), datetime.now(UTC))[0].area == root
        self.run("post", "end", post["id"], "--reason", "test")
        assert self.run("post", "list", "--area", "430000") == []
        assert len(self.run("post", "list", "--area", "430000", "--all")) == 1

    def test_passwords_are_set_and_accounts_disabled(self, admin):
        self.run("user", "password", admin.person.username, typed="a long new phrase\n")
        self.run("user", "disable", admin.person.username)
        admin.person.refresh_from_db()
        assert admin.person.check_password("a long new phrase")
        assert not admin.person.is_active
        self.run("user", "enable", admin.person.username)
        assert queries.in_force(Person.objects.get(pk=admin.person_id), NOW) == [admin]

    def test_what_cannot_be_is_refused_with_its_exit_code(self, admin):
        self.run("user", "add", "x", "--name", "x", "--district", "999999", fails=5)
        self.run("user", "password", "nobody", typed="a long new phrase\n", fails=5)
        self.run("user", "password", admin.person.username, typed="short\n", fails=3)
        self.run("post", "appoint", admin.person.username, "administrator", "--area", admin.area.name, fails=6)
        self.run(
            "post", "appoint", admin.person.username, "lab", "--area", admin.area.name, "--until", "31.3.26", fails=3
        )
        self.run("post", "appoint", admin.person.username, "lab", "--area", admin.area.name, "--emergency", fails=3)
        assert Post.objects.count() == 1
        assert Unit.objects.count() == 0
