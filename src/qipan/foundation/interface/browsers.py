"""Browsers by the names that people know."""

from __future__ import annotations

BROWSERS = {
    "MicroMessenger": "微信",
    "wxwork": "企业微信",
    "DingTalk": "钉钉",
    "Edg": "Edge",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def browser(agent: str) -> str:
    """A user agent in two words people know; its first words where it is none of those."""
    name = next((word for mark, word in BROWSERS.items() if mark in agent), "")
    system = next((word for mark, word in SYSTEMS.items() if mark in agent), "")
    return " · ".join(filter(None, (name, system))) or agent[:40] or "—"
