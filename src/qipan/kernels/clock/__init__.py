"""Working time: when something is due, what is left of it, and why.

Plain values in, plain values out; nothing here reads the clock. `due` makes a `Deadline`, `explain` says how it came
about. The rules are at the head of `deadline`, the days in `calendar`, the words in `text`.
"""

from . import text
from .calendar import Calendar, Day, Kind, YearPlan
from .deadline import Clock, Deadline, Limit, Pause, Pauses, Remaining, due, elapsed
from .explanation import Explanation, explain
from .hours import ROUND_THE_CLOCK, STANDARD, Season, Span, WorkingHours, parse_spans
from .line import Line, Reason
from .steps import From, Leg, LegDue, Stage, StageDue, legs, stages
from .timetable import CHINA
from .wording import Invalid
from .yearfile import BadYearFile, RowError, read_year

__all__ = [
    "CHINA",
    "ROUND_THE_CLOCK",
    "STANDARD",
    "BadYearFile",
    "Calendar",
    "Clock",
    "Day",
    "Deadline",
    "Explanation",
    "From",
    "Invalid",
    "Kind",
    "Leg",
    "LegDue",
    "Limit",
    "Line",
    "Pause",
    "Pauses",
    "Reason",
    "Remaining",
    "RowError",
    "Season",
    "Span",
    "Stage",
    "StageDue",
    "WorkingHours",
    "YearPlan",
    "due",
    "elapsed",
    "explain",
    "legs",
    "parse_spans",
    "read_year",
    "stages",
    "text",
]
