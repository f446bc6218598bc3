"""Webhooks: a request with a trigger's own secret starts a run, and opens nothing else."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from headrace.core.errors import Conflict, Forbidden, InvalidInput, NotFound, TooLarge
from headrace.protocol.tables import TriggerTable
from headrace.runs.firing import Arrival, Cause
from headrace.server.base import ApiHandler, operation
from headrace.server.errors import TooManyRequests, Unauthenticated
from headrace.server.intake import was_dropped
from headrace.server.strict import BODY_LIMIT_BYTES

if TYPE_CHECKING:
    from headrace.runs.arrivals import Waiting

PER_MINUTE = 60
"""Requests of one webhook that are let through in a minute; as many wrong ones are looked at."""
_KEY_LENGTH = 150
_NOBODY = "0" * 64


class Secret(Struct, frozen=True):
    """What a webhook must bring, as `Authorization: Bearer <secret>`. It is shown this once."""

    secret: str
    path: str
    """Where to send the request: `api/triggers/…/fire`."""


class Accepted(Struct, frozen=True):
    """A request was recorded as a tick of its trigger; the run of that follows."""

    tick: str


class Limits:
    """How often each name may do something: a bucket that fills evenly, `PER_MINUTE` deep."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count one; raise TooManyRequests when there were too many."""
        now = self._monotonic()
        left, then = self._buckets.get(name, (float(PER_MINUTE), now))
        left = min(float(PER_MINUTE), left + (now - then) * PER_MINUTE / 60)
        if left < 1:
            raise TooManyRequests(f"More than {PER_MINUTE} requests in a minute: wait a little.")
        self._buckets[name] = (left - 1, now)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret. It is 256 random bits: no salt could make that safer."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class SecretHandler(ApiHandler):
    """The secret of a webhook."""

    @operation("Give a webhook a new secret; the one before ends", returns=Secret, status=201)
    async def post(self, pipeline: str, trigger: str) -> Secret:
        await self.runtime.ready()
        known: list[TriggerTable] = await self.runtime.history.call(
            lambda known: known.triggers(pipeline)
        )
        table = next((one for one in known if one.name == trigger), None)
        if table is None:
            raise NotFound(f"There is no trigger {trigger!r}.", kind="trigger", name=trigger)
        if not table.webhook:
            raise InvalidInput(f"Trigger {trigger!r} is no webhook.", field="webhook")
        secret = secrets.token_urlsafe(32)
        await self.runtime.history.call(lambda known: known.set_secret(table.id, digest_of(secret)))
        return Secret(secret, f"{self.root}api/triggers/{table.id}/fire")


class FireHandler(ApiHandler):
    """Where webhooks arrive. It answers to the trigger's secret, and to the owner."""

    async def prepare(self, **_: Any) -> None:
        """Let the secret stand for an identity, for this address alone."""
        bearer = _bearer(self.request.headers.get("Authorization", ""))
        if self.request.method == "POST" and bearer and await self._is_secret(bearer):
            self.current_user = self._jupyter_current_user = None
            if not self.check_host():
                name = self.request.host[:80]
                raise Forbidden(f"This server does not answer to the name {name!r}.")
            self.check_source()
            self._limits.take(self.path_kwargs["webhook"])
            if was_dropped(self.request):
                raise TooLarge("The body is too large.", limit_bytes=BODY_LIMIT_BYTES)
            return
        try:
            await super().prepare()
        except Unauthenticated:
            self._limits.take("wrong secrets")
            raise

    @property
    def _limits(self) -> Limits:
        return cast("Limits", self.settings["headrace_webhook_limits"])

    async def _is_secret(self, bearer: str) -> bool:
        """Compare in constant time, also with a webhook that there is not."""
        await self.runtime.ready()
        webhook = self.path_kwargs["webhook"]
        found = await self.runtime.history.call(lambda known: known.find_trigger(webhook))
        kept = found.secret if found is not None else None
        return hmac.compare_digest(digest_of(bearer), kept or _NOBODY) and kept is not None

    @operation(
        "Start a run of a webhook, with its secret as `Authorization: Bearer …`",
        body=dict[str, Any],
        returns=Accepted,
        status=202,
        headers=("Idempotency-Key",),
    )
    async def post(self, parameters: dict[str, Any], webhook: str) -> Accepted:
        await self.runtime.ready()
        history = self.runtime.history
        trigger: Waiting = await history.call(lambda known: known.waiting_trigger(webhook))
        if not trigger.spec.webhook:
            raise NotFound("There is no such webhook.", kind="trigger", name=webhook)
        if not trigger.active:
            raise Conflict("The trigger is paused.", kind="trigger")
        given = self.request.headers.get("Idempotency-Key")
        if given is not None and not 0 < len(given) <= _KEY_LENGTH:
            raise InvalidInput(
                f"Idempotency-Key has 1 to {_KEY_LENGTH} characters.", field="Idempotency-Key"
            )
        key = f"request {given or secrets.token_hex(16)}"
        session = await self.runtime.sessions.open(trigger.pipeline)
        await session.check_published({**trigger.spec.parameters, **parameters})
        arrival = Arrival(
            key=key,
            at=self.runtime.clock.now(),
            cause=Cause(words="webhook", parameters=parameters),
        )
        await history.call(lambda known: known.arrive(trigger, [arrival], trigger.memory))
        tick = await history.call(lambda known: known.tick_of_key(webhook, key))
        if tick is None:
            raise Conflict("The trigger was changed meanwhile: try again.", kind="trigger")
        if self.runtime.daemon is not None:
            self.runtime.daemon.wake()
        return Accepted(tick.isoformat().replace("+00:00", "Z"))


def _bearer(header: str) -> str | None:
    kind, _, secret = header.strip().partition(" ")
    return secret.strip() or None if kind.lower() == "bearer" else None
