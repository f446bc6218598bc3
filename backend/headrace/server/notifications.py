"""Notifications over REST: the channels, what was sent, and a test."""

from __future__ import annotations

from msgspec import Struct

from headrace.protocol.notifications import Notifications
from headrace.server.base import ApiHandler, operation


class Tested(Struct, frozen=True):
    """What came of a test message; `error` is None when the service took it."""

    error: str | None


class NotificationsHandler(ApiHandler):
    """How the channels do."""

    @operation("Channels, and the newest notifications", returns=Notifications, query=("limit",))
    async def get(self) -> Notifications:
        await self.runtime.ready()
        limit = self.integer("limit", 50, least=1, most=500)
        return await self.runtime.notifier.overview(limit)


class ChannelTestHandler(ApiHandler):
    """Tries a channel."""

    @operation("Send a test message to a channel", returns=Tested)
    async def post(self, channel: str) -> Tested:
        await self.runtime.ready()
        return Tested(await self.runtime.notifier.test(channel))
