"""The clock's own words, in Chinese and English: data, because a kernel knows no translation framework."""

from __future__ import annotations

# code: (Chinese, English). Values in braces are filled in by `say`.
WORDS: dict[str, tuple[str, str]] = {
    # why a span of time counts or does not
    "natural": ("自然时间", "natural time"),
    "natural_day": ("自然日", "natural days"),
    "working": ("工作时间", "working hours"),
    "working_day": ("工作日", "working days"),
    "adjusted": ("调休上班（{name}）", "adjusted working day ({name})"),
    "staffed": ("休息日值守时间", "staffed hours on a rest day"),
    "lunch": ("午休", "lunch break"),
    "break": ("班间休息", "break between shifts"),
    "night": ("非工作时间", "outside working hours"),
    "weekend": ("周末", "weekend"),
    "holiday": ("放假（{name}）", "holiday ({name})"),
    "pause": ("经批准暂停", "paused by approval"),
    "start_day": ("开始当日", "the day of the start"),
    "roll": ("末日为休息日，顺延", "the last day is a rest day: moved to the next working day"),
    # the pieces of a line
    "not_counted": ("不计", "not counted"),
    "counted": ("计 {amount}", "{amount} counted"),
    "running": ("累计 {amount}", "{amount} in all"),
    "provisional": ("暂定", "provisional"),
    "each_day": ("{reason}，共 {days} 天，每日 {hours}", "{reason}, {days} days of {hours}"),
    "each_day_1": ("{reason}，全天 {hours}", "{reason}, the whole day {hours}"),
    "whole_days": ("{reason}，共 {days} 天", "{reason}, {days} days"),
    "pause_from_to": ("{begin} 起至 {end}", "from {begin} to {end}"),
    "pause_from": ("{begin} 起，尚未恢复", "from {begin}, not resumed yet"),
    "not_resumed": ("尚未恢复", "not resumed yet"),
    # summaries
    "summary": ("时限 {limit}，自 {start} 起，至 {due} 止", "{limit} from {start}: due {due}"),
    "summary_paused": (
        "时限 {limit}，自 {start} 起，计时已暂停，尚余 {left}",
        "{limit} from {start}: the clock is paused with {left} left",
    ),
    "unpublished": (
        "{years}年放假安排尚未公布，暂只按周末计算，公布后重算（暂定）",
        "The calendar of {years} is not published yet: weekends only for now, to be counted again (provisional)",
    ),
    "basis": ("日历依据：{notices}", "Calendar: {notices}"),
    "notice": ("{year}年 {source}", "{year} {source}"),
    # limits
    "limit_natural": ("{amount}", "{amount}"),
    "limit_working_hours": ("{amount}（工作时）", "{amount} of working time"),
    "limit_whole_hours": ("{n} 工作时", "{n} working hours"),
    "limit_whole_hours_1": ("1 工作时", "1 working hour"),
    "limit_working_days": ("{n} 个工作日", "{n} working days"),
    "limit_working_days_1": ("1 个工作日", "1 working day"),
    "limit_natural_days": ("{n} 日（自然日）", "{n} days"),
    "limit_natural_days_1": ("1 日（自然日）", "1 day"),
    "at_once": ("立即", "at once"),
    # time left
    "left": ("剩余 {amount}", "{amount} left"),
    "left_working": ("剩余 {amount}（工作时）", "{amount} of working time left"),
    "overdue": ("超时 {amount}", "{amount} overdue"),
    "paused": ("已暂停，剩余 {amount}", "paused, {amount} left"),
    "paused_working": ("已暂停，剩余 {amount}（工作时）", "paused, {amount} of working time left"),
    "under_a_minute": ("不足1分", "under 1 min"),
    # refusals of values
    "naive": ("时间缺少时区。", "The time has no time zone."),
    "amount": ("时限不能为 {amount}。", "A limit cannot be {amount}."),
    "fraction": ("比例须大于 0 且不超过 1，现为 {fraction}。", "A fraction is above 0 and at most 1, not {fraction}."),
    "pause_backwards": ("暂停的结束时间早于开始时间。", "A pause ends before it begins."),
    "handovers": (
        "移交时间须按先后次序，不早于开始时间，也不多于层级数。",
        "Hand-overs follow one another, none before the start and no more than there are legs.",
    ),
    "span": ("“{text}”不是时间段，应写作 08:30-12:00。", "“{text}” is no span of hours; write 08:30-12:00."),
    "span_order": ("时间段 {text} 的结束不晚于开始，或超出一天。", "The span {text} does not end after it begins."),
    "spans_overlap": ("时间段 {text} 与前一段重叠或次序颠倒。", "The span {text} overlaps the one before it."),
    "no_spans": ("至少需要一个工作时间段。", "At least one span of working hours is needed."),
    "season": ("季节起止日期 {text} 不存在。", "The date {text} of a season does not exist."),
    "seasons_overlap": ("季节作息的日期有重叠（{text}）。", "Two seasons share a day ({text})."),
    "no_official_year": ("没有 {year} 年的官方安排。", "There is no official calendar of {year}."),
    "source_missing": ("请写明依据的通知文号。", "Name the notice that this calendar comes from."),
    "both": ("{day} 既是放假又是上班。", "{day} is both off and working."),
    "wrong_year": (
        "{day} 不属于 {year} 年（仅元旦可含上年 12 月）。",
        "{day} is not in {year} (only New Year may reach into the December before).",
    ),
    "work_on_weekday": (
        "{day} 不是周六、周日，无需调休上班。",
        "{day} is no Saturday or Sunday, so it cannot be made a working one.",
    ),
    # refusals of rows of an imported year
    "file_empty": ("文件没有内容。", "The file is empty."),
    "file_encoding": ("文件编码不是 UTF-8 或 GB18030。", "The file is neither UTF-8 nor GB18030."),
    "file_too_long": ("文件超过 {most} 行。", "The file has more than {most} rows."),
    "file_too_big": (
        "文件超过 {most} KB，不像一年的放假安排。",
        "More than {most} kB: this is no calendar of one year.",
    ),
    "file_no_csv": ("文件不是可读的 CSV。", "The file cannot be read as CSV."),
    "columns": (
        "缺少列：{names}。首行应为 date,kind,name。",
        "Missing columns: {names}. The first row is date,kind,name.",
    ),
    "row_date": ("“{text}”不是日期，应写作 2027-01-01。", "“{text}” is no date; write 2027-01-01."),
    "row_kind": ("“{text}”应为 off（放假）或 work（上班）。", "“{text}” must be off or work."),
    "row_name": ("缺少节日名称。", "The name of the holiday is missing."),
    "row_name_long": ("节日名称超过 {most} 个字。", "The name of the holiday is longer than {most} characters."),
    "row_twice": ("{day} 重复（见第 {first} 行）。", "{day} is there twice (see row {first})."),
    "legal_day": (
        "缺少法定节日 {day}（{name}），文件可能不完整。",
        "The legal holiday {day} ({name}) is missing: the file may be cut off.",
    ),
}

HOLIDAYS_IN_ENGLISH = {
    "元旦": "New Year",
    "春节": "Spring Festival",
    "清明节": "Qingming Festival",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
}


def is_chinese(language: str) -> bool:
    """Whether `language` ("zh", "zh-hans", "en", "en-gb" ...) is answered in Chinese."""
    return language.lower().startswith("zh")


def say(code: str, language: str, **values: object) -> str:
    """The text of `code` in `language`, its braces filled from `values`."""
    chinese, english = WORDS[code]
    return (chinese if is_chinese(language) else english).format(**values)


def holiday_name(name: str, language: str) -> str:
    """A holiday's name as the notice writes it, or in English where it is one of the seven national ones."""
    if is_chinese(language):
        return name
    return " and ".join(HOLIDAYS_IN_ENGLISH.get(part, part) for part in name.split("、"))


class Invalid(ValueError):
    """A value that the clock refuses; `text(language)` says why in the user's words."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(self.text(language="en"))

    def text(self, *, language: str) -> str:
        return say(self.code, language, **self.values)
