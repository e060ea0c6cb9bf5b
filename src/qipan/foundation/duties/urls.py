"""Addresses of the pages of duties and calendars."""

from __future__ import annotations

from django.urls import URLPattern, path

from qipan.foundation.duties.pages import calendar, quick, work

urlpatterns: list[URLPattern] = [
    path("my-work/", work.my_work, name="my_work"),
    path("my-work/unit/", work.unit_work, name="unit_work"),
    path("duties/hand-over/", quick.hand_over, name="duties_hand_over"),
    path("duties/take-call/", quick.take_call, name="duties_take_call"),
    path("duties/ask-relief/", quick.ask_relief, name="duties_ask_relief"),
    path("duties/withdraw-relief/", quick.withdraw_relief, name="duties_withdraw_relief"),
    path("duties/<uuid:duty_id>/explain/", work.explain, name="duty_explain"),
    path("duties/<uuid:duty_id>/call/", quick.call, name="duty_call"),
    path("duties/<uuid:duty_id>/relief/", quick.relief, name="duty_relief"),
    path("calendar/", calendar.year, name="calendar"),
    path("calendar/import/", calendar.import_year, name="calendar_import"),
    path("calendar/hours/", calendar.hours, name="calendar_hours"),
    path("calendar/orders/", calendar.orders, name="calendar_orders"),
    path("calendar/orders/<uuid:order_id>/revoke/", calendar.revoke, name="calendar_order_revoke"),
]
