from __future__ import annotations

from django.urls import path

from qipan.live import charts, feed, many, pages, wall

urlpatterns = [
    path("board/", pages.board, name="board"),
    path("board/incidents/<uuid:incident_id>/", pages.picked, name="board_incident"),
    path("board/export/", many.export, name="board_export"),
    path("board/charts/", charts.page, name="board_charts"),
    path("board/charts/export/", charts.export, name="board_charts_export"),
    path("board/wall/", wall.wall, name="board_wall"),
    path("board/wall/views/", wall.settings, name="board_wall_views"),
    path("live/events", feed.events, name="live_events"),
]
