"""How the simulated hosts treat what their web server refuses: it is recorded, and answered as documented."""

import json
from typing import Final

from simulators.journal import Journal, Party
from simulators.portabilling.faults import BAD_PARAMS
from simulators.wire.server import Refusal, RefusalAnswer, Refuse, in_plain_text

JSON: Final = "application/json"


def recorded(journal: Journal, *, destination: Party) -> Refuse:
    """A way to refuse in plain text that writes each refusal into the journal."""

    def refuse(refusal: Refusal) -> RefusalAnswer:
        answer = in_plain_text(refusal)
        _record(journal, refusal, answer, destination=destination)
        return answer

    return refuse


def recorded_on_web_host(journal: Journal) -> Refuse:
    """The same for PortaBilling's web host; once the head was read, its two APIs refuse in their own ways."""

    def refuse(refusal: Refusal) -> RefusalAnswer:
        answer = _documented(refusal)
        destination: Party = "espf" if _is_below("/espf", refusal) else "portabilling"
        _record(journal, refusal, answer, destination=destination)
        return answer

    return refuse


def _documented(refusal: Refusal) -> RefusalAnswer:
    if refusal.has_head and _is_below("/rest", refusal):
        # Every failure of the JSON API is HTTP 500 with a fault (S15, S25).
        fault = {"faultcode": BAD_PARAMS, "faultstring": refusal.message}
        return RefusalAnswer(status=500, content_type=JSON, body=json.dumps(fault).encode())
    if refusal.has_head and _is_below("/espf", refusal):
        body = json.dumps({"error": refusal.message}).encode()
        return RefusalAnswer(status=refusal.status, content_type=JSON, body=body)
    return in_plain_text(refusal)


def _is_below(prefix: str, refusal: Refusal) -> bool:
    return f"{refusal.path}/".startswith(f"{prefix}/")


def _record(journal: Journal, refusal: Refusal, answer: RefusalAnswer, *, destination: Party) -> None:
    exchange = journal.open(
        source="provisioner",
        destination=destination,
        method=refusal.method,
        target=refusal.target,
        headers=refusal.headers,
        body=refusal.body,
    )
    headers = {"Content-Type": answer.content_type}
    exchange.answered(status=answer.status, headers=headers, body=answer.body.decode())
