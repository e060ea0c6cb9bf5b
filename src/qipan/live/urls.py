from __future__ import annotations

from django.urls import path

from qipan.live import charts, feed, many, pages

urlpatterns = [
    path("board/", pages.board, name="board"),
    path("board/incidents/<uuid:incident_id>/", pages.picked, name="board_incident"),
    path("board/export/", many.export, name="board_export"),
    path("board/charts/", charts.page, name="board_charts"),
    path("board/charts/export/", charts.export, name="board_charts_export"),
    path("live/events", feed.events, name="live_events"),
]
