"""Open311 GeoReport v2: what other cities' programs already speak.

Only public categories and matters that are not private are given, with points rounded to some 11 m and without the
reporter's words: a description, an address or a door may say who somebody is. To create a request a program needs a
token of a post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from allauth.account.adapter import get_adapter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, re_path
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from qipan.foundation.areas.models import Area, Code, Level
from qipan.foundation.areas.models import System as CodeSystem
from qipan.foundation.interface.api import in_utc
from qipan.foundation.posts import operations as posts
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Forbidden, Invalid, NotFound, Refusal
from qipan.incidents import operations
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations import allowance
from qipan.incidents.operations.report import Place
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import ENDED, RESIDENT_NAMES, Status

MOST, SPAN = 1000, timedelta(days=90)
FORMATS = {"json": "application/json", "xml": "text/xml; charset=utf-8"}


class WhichDistrict(Invalid):
    """Give jurisdiction_id: the statistical code of the district."""

    status: ClassVar[int] = 400


class BadParameter(Invalid):
    """The parameter {name} is missing or not understood."""

    status: ClassVar[int] = 400


class BadKey(Forbidden):
    """The api_key is not valid, so the request was not created."""


View = Callable[..., Any]


def answered(item: str) -> Callable[[View], View]:
    """Shape what a view returns as JSON or XML by the ending of its path; a refusal as the protocol's errors."""

    def wrap(view: View) -> View:
        def inner(request: HttpRequest, *, ending: str, **words: str) -> HttpResponse:
            try:
                found, status = view(request, **words), 200
            except Refusal as refusal:
                status = 400 if isinstance(refusal, Invalid) else refusal.status  # the protocol knows no other
                found = [{"code": status, "description": refusal.message}]
            if ending == "json":
                return JsonResponse(found, safe=False, status=status, json_dumps_params={"ensure_ascii": False})
            root = "errors" if status != 200 else f"{item}s" if isinstance(found, list) else item
            return HttpResponse(_xml(found, root, "error" if status != 200 else item), content_type=FORMATS["xml"],
                                status=status)  # fmt: skip

        return inner

    return wrap


def _xml(found: Any, root: str, item: str) -> bytes:
    top = ET.Element(root)
    for each in found if isinstance(found, list) else ():
        _grow(ET.SubElement(top, item), each)
    if isinstance(found, dict):
        _grow(top, found)
    return bytes(ET.tostring(top, encoding="utf-8", xml_declaration=True))


def _grow(element: ET.Element, values: dict[str, Any]) -> None:
    for name, value in values.items():
        child = ET.SubElement(element, name)
        if isinstance(value, list):
            for each in value:
                _grow(ET.SubElement(child, name[:-1]), each)
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            child.text = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def district(request: HttpRequest) -> Area:
    """The district asked for by its statistical code; the only one where there is one. Raises WhichDistrict."""
    wanted = request.GET.get("jurisdiction_id") or request.POST.get("jurisdiction_id") or ""
    districts = Area.objects.filter(level=Level.DISTRICT, valid_to=None)
    if wanted:
        codes = Code.objects.filter(system=CodeSystem.STATISTICAL, code=wanted[:40], valid_to=None)
        found = districts.filter(pk__in=codes.values("area")).first()
    else:
        found = districts.first() if districts.count() == 1 else None
    if found is None:
        raise WhichDistrict(field="jurisdiction_id")
    return found


def public_categories(of: Area) -> QuerySet[Category]:
    return Category.objects.filter(
        district=of, valid_to=None, public=True, private=False, hidden_from_village=False
    ).order_by("order")


@answered("service")
def services(request: HttpRequest) -> list[dict[str, Any]]:
    return [_service(category) for category in public_categories(district(request))]


@answered("service_definition")
def definition(request: HttpRequest, code: str) -> dict[str, Any]:
    category = public_categories(district(request)).filter(key=code).first()
    if category is None:
        raise NotFound
    return {"service_code": category.key, "attributes": []}


def _service(category: Category) -> dict[str, Any]:
    return {
        "service_code": category.key,
        "service_name": str(category),
        "description": str(CLASSES[Klass(category.klass)].name),
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": str(CLASSES[Klass(category.klass)].name),
    }


@csrf_exempt
@answered("request")
def requests(request: HttpRequest) -> list[dict[str, Any]]:
    if request.method == "POST":
        return [_create(request)]
    rows = public_incidents(district(request))
    given = request.GET
    if ids := given.get("service_request_id"):
        rows = rows.filter(number__in=ids.split(",")[:MOST])
    else:
        end = _moment(given, "end_date") or timezone.now()
        start = _moment(given, "start_date") or end - SPAN
        rows = rows.filter(reported_at__range=(max(start, end - SPAN), end))
    if codes := given.get("service_code"):
        rows = rows.filter(category__key__in=codes.split(",")[:MOST])
    if wanted := given.get("status"):
        states = set(wanted.split(","))
        if not states <= {"open", "closed"}:
            raise BadParameter(field="status", name="status")
        if len(states) == 1:
            rows = rows.filter(status__in=ENDED) if states == {"closed"} else rows.exclude(status__in=ENDED)
    size = min(MOST, _number(given, "page_size", 100))
    first = (_number(given, "page", 1) - 1) * size
    return [_request(incident) for incident in rows.order_by("-reported_at", "-id")[first : first + size]]


@answered("request")
def one_request(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    found = public_incidents(district(request)).filter(number=number).first()
    if found is None:
        raise NotFound
    return [_request(found)]


@answered("request")
def token(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """The tracking code is the token; trying codes is slowed down as it is on the page."""
    who = str(get_adapter(request).get_client_ip(request))
    reporter = allowance.find_reporter(code=code, who=who, at=timezone.now())
    if reporter is None:
        raise NotFound
    return [{"service_request_id": reporter.incident.number, "token": code}]


def public_incidents(of: Area) -> QuerySet[Incident]:
    return (
        Incident.objects.filter(district=of, private=False, hidden_from_village=False, category__public=True)
        .exclude(status=Status.DRAFT)
        .select_related("category", "unit")
    )


def _request(incident: Incident) -> dict[str, Any]:
    status = Status(incident.status)
    return {
        "service_request_id": incident.number,
        "status": "closed" if status in ENDED else "open",
        "status_notes": str(RESIDENT_NAMES[status]),
        "service_name": str(incident.category),
        "service_code": incident.category.key,
        "description": None,
        "agency_responsible": incident.unit.name if incident.unit else None,
        "service_notice": None,
        "requested_datetime": timezone.localtime(incident.reported_at).isoformat(timespec="seconds"),
        "updated_datetime": timezone.localtime(incident.status_at).isoformat(timespec="seconds"),
        "expected_datetime": timezone.localtime(incident.due_at).isoformat(timespec="seconds")
        if incident.due_at
        else None,
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": None if incident.latitude is None else round(incident.latitude, 4),
        "long": None if incident.longitude is None else round(incident.longitude, 4),
        "media_url": None,
    }


def _create(request: HttpRequest) -> dict[str, Any]:
    given = request.POST
    by = _post(request)
    of = district(request)
    if by.district_id != of.pk:
        raise BadKey(field="api_key")
    category = public_categories(of).filter(key=given.get("service_code", "")).first()
    if category is None:
        raise BadParameter(field="service_code", name="service_code")
    words = " ".join((given.get("description") or "").split())[:4000]
    name = f"{given.get('last_name', '')}{given.get('first_name', '')}"[:200]
    names = tuple(each for each in (name, given.get("first_name", "")) if len(each) > 1)
    longitude, latitude = _degrees(given, "long", 180), _degrees(given, "lat", 90)
    address = given.get("address_string", "")[:200]
    contact = operations.Contact(name=name, phone=given.get("phone", "")[:40],
                                 language="en" if request.headers.get("Accept-Language", "").startswith("en")
                                 else "zh-hans")  # fmt: skip
    incident, code = operations.report(
        category=category, text=words,
        place=Place(longitude, latitude, _named(of, address), address=address, names=names),
        title=words[:60] or category.name, source="open311", channel="device" if given.get("device_id") else "",
        contact=contact, by=by, at=timezone.now(),
    )  # fmt: skip
    notice = _("Tracking code: %(code)s. Keep it; it is shown once.") % {"code": code}
    return {"service_request_id": incident.number, "service_notice": notice, "account_id": None}


def _post(request: HttpRequest) -> Post:
    key = request.POST.get("api_key") or request.GET.get("api_key") or request.headers.get("api_key") or ""
    found = posts.use_token(secret=key, at=timezone.now()) if key else None
    if found is None or not found.may("incidents.report"):
        raise BadKey(field="api_key")
    return found


def _named(of: Area, address: str) -> Area | None:
    """The village or community that an address names, if exactly one does."""
    if not address:
        return None
    names = Area.objects.filter(district=of, level=Level.VILLAGE, valid_to=None)
    found = [area for area in names if (area.short_name or area.name) in address]
    return found[0] if len(found) == 1 else None


def _degrees(given: Any, name: str, most: float) -> float | None:
    text = given.get(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as problem:
        raise BadParameter(field=name, name=name) from problem
    if not -most <= value <= most:  # not a number fails too
        raise BadParameter(field=name, name=name)
    return value


def _number(given: Any, name: str, default: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= 100_000:
        raise BadParameter(field=name, name=name)
    return int(text)


def _moment(given: Any, name: str) -> datetime | None:
    text = given.get(name, "").replace(" ", "+")
    if not text:
        return None
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime(day.year, day.month, day.day)  # noqa: DTZ001  (local, as a moment without an offset is)
        if found is not None and found.year >= 2000:
            return in_utc(found if found.tzinfo else found.replace(tzinfo=timezone.get_default_timezone()))
    except ValueError:
        pass
    raise BadParameter(field=name, name=name)


@answered("discovery")
def discovery(request: HttpRequest) -> dict[str, Any]:
    here = request.build_absolute_uri("/open311/v2/")
    formats: Iterable[str] = FORMATS.values()
    return {
        "changeset": "2026-11-23T00:00:00+08:00",
        "contact": "",
        "key_service": "",
        "endpoints": [
            {"specification": "http://wiki.open311.org/GeoReport_v2", "url": here, "changeset": "2026-11-23",
             "type": "production", "formats": [{"format": each} for each in formats]}
        ],
    }  # fmt: skip


def urls() -> list[URLPattern]:
    ending = r"\.(?P<ending>json|xml)$"
    return [
        re_path(rf"^discovery{ending}", discovery),
        re_path(rf"^services{ending}", services),
        re_path(rf"^services/(?P<code>[\w-]{{1,40}}){ending}", definition),
        re_path(rf"^requests{ending}", requests),
        re_path(rf"^requests/(?P<number>[\w-]{{1,24}}){ending}", one_request),
        re_path(rf"^tokens/(?P<code>[\w-]{{1,40}}){ending}", token),
    ]
