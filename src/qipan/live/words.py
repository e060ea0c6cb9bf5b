"""The words of the board's script, in the page's language (web/src/texts.ts fills the {places})."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BOARD_TEXTS: dict[str, str | Promise] = {
    "board.map": _("Map of the open incidents"),
    "board.needs me": _("What needs me"),
    "board.nothing": _("Nothing needs you now."),
    "board.all work": _("All my work"),
    "board.all open": _("All open incidents"),
    "board.worst": _("Worst first"),
    "board.no deadline": _("no deadline"),
    "board.picked": _("What I picked"),
    "board.pick": _("Pick an incident on the map or in the list."),
    "board.loading": _("Fetching …"),
    "board.away": _("It is not open to you any more."),
    "board.find": _("Find: area, premises, incident, unit, coordinates"),
    "board.none found": _("Nothing found."),
    "board.live": _("live"),
    "board.polling": _("current to {time}"),
    "board.lost": _("Connection lost. The board shows {time}; it goes on by itself."),
    "board.legend": _("Open incidents by their clock"),
    "board.calm": _("in time"),
    "board.soon": _("due soon"),
    "board.due": _("about to breach"),
    "board.overdue": _("overdue"),
    "board.supervised": _("under supervision"),
    "board.cluster": _("several in one place"),
    "board.layers": _("Layers"),
    "board.layer.incidents": _("Incidents"),
    "board.layer.heat": _("Where they are dense"),
    "board.layer.premises": _("Premises"),
    "board.layer.boundaries": _("Boundaries"),
    "board.layer.cells": _("Cells"),
    "board.layer.labels": _("Names"),
    "board.whole": _("The whole area"),
    "board.closer": _("Zoom in"),
    "board.farther": _("Zoom out"),
    "board.north": _("North up"),
    "board.close": _("Close"),
    "board.done": _("Done."),
    "board.failed": _("This did not work (code {status}). Nothing was changed."),
    "board.unreachable": _("The server cannot be reached. Nothing was changed."),
    "board.no map": _("The map could not be drawn. The lists beside it are complete."),
    "board.coordinates": _("Coordinates {datum}"),
    "board.kind.area": _("Area"),
    "board.kind.premises": _("Premises"),
    "board.kind.incident": _("Incident"),
    "board.kind.unit": _("Unit"),
    "board.kind.place": _("Coordinates"),
    "board.open page": _("Open its page"),
    "board.neighbours": _("Beside it: {names}"),
}

CHART_TEXTS: dict[str, str | Promise] = {
    "charts.keys": _("Arrow keys go from mark to mark, Enter opens the rows behind it."),
    "charts.none": _("nothing"),
    "charts.failed": _("The pictures could not be drawn. The tables are complete."),
}
