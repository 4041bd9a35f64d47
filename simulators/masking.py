"""Takes secrets out of what the journal keeps; equal secrets get equal marks, so they can be told."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

SECRET_FIELDS: Final = frozenset(
    {
        "password", "new_password", "token", "api_token", "access_token", "refresh_token", "session_id",
        "h323_password",
    }
)  # fmt: skip
COOKIE_HEADERS: Final = frozenset({"cookie", "set-cookie"})
FORM_TYPE: Final = "application/x-www-form-urlencoded"
# Form fields of the JSON API whose values are JSON text (S9, S19).
JSON_FIELDS: Final = frozenset({"auth_info", "params"})
# A secret field in what is no JSON as a whole: a multipart body, a text that was cut off, or the
# single-quoted imitation of JSON that an old client sends (S17).
_LOOSE_FIELD: Final = re.compile(
    rf"""((["'])(?:{"|".join(sorted(SECRET_FIELDS))})\2\s*:\s*(["']))((?:(?!\3)[^\\]|\\.)*)""", re.DOTALL
)
_DECODER: Final = json.JSONDecoder()


class Masker:
    """Replaces secrets by marks keyed with a secret of its own: they tell equality and nothing else."""

    def __init__(self, *, credential_headers: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(16)
        self._credential_headers = {"authorization", *(name.lower() for name in credential_headers)}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Mask the values of headers that carry credentials, and keep their scheme word."""
        return {name: self._header(name.lower(), value) for name, value in headers.items()}

    def target(self, text: str) -> str:
        """Mask the secret fields of a target: of its query, and of JSON in old clients' paths (S17, S24)."""
        begin = re.search(r"\{|%7b", text.partition("?")[0], re.IGNORECASE)
        if begin is None:
            path, mark, query = text.partition("?")
            return path + mark + self._form(query)
        plain = unquote(text[begin.start() :])
        masked = self._documents(plain)
        return text if masked == plain else text[: begin.start()] + quote(masked)

    def body(self, text: str, *, content_type: str) -> str:
        """Mask the secret fields of a JSON or form body; without any, it stays as it is, to the letter.

        A client may declare any type: a form is told by its looks, unless it is declared to be one.
        """
        if text.lstrip().startswith(("{", "[")):
            return self._json(text)
        masked = self._form(text)
        declared = content_type.startswith(FORM_TYPE)
        return masked if declared or masked != text else self._json(text)

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Mask the secret fields of something that was read from a body."""
        return {name: self._field(name, value) for name, value in fields.items()}

    def _header(self, name: str, value: str) -> str:
        # Only credentials open with a scheme word: a cookie's first word is a secret too.
        if name in COOKIE_HEADERS:
            return self._mark(value)
        if name not in self._credential_headers:
            return value
        scheme, _, credentials = value.partition(" ")
        return f"{scheme} {self._mark(credentials)}" if credentials else self._mark(value)

    def _documents(self, text: str) -> str:
        """Mask JSON documents that follow each other, with anything between them."""
        masked, read_to = "", 0
        while (begin := text.find("{", read_to)) >= 0:
            try:
                _, end = _DECODER.raw_decode(text, begin)
            except (ValueError, RecursionError):
                end = len(text)
            masked += text[read_to:begin] + self._json(text[begin:end])
            read_to = end
        return masked + text[read_to:]

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        masked = [(name, self._form_value(name, value)) for name, value in pairs]
        return text if masked == pairs else urlencode(masked)

    def _form_value(self, name: str, value: str) -> str:
        if name in JSON_FIELDS:
            return self._json(value)
        return self._mark(value) if name in SECRET_FIELDS else value

    def _json(self, text: str) -> str:
        named = any(name in text for name in SECRET_FIELDS)
        # A backslash may write a secret field's name in another way.
        if not named and "\\" not in text:
            return text
        try:
            value = json.loads(text)
            masked = self._walk(value)
        except (ValueError, RecursionError):
            return _LOOSE_FIELD.sub(lambda found: found[1] + self._mark(found[4]), text)
        return json.dumps(masked) if named or masked != value else text

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.fields(value)
        return [self._walk(item) for item in value] if isinstance(value, list) else value

    def _field(self, name: str, value: Any) -> Any:
        if name not in SECRET_FIELDS or value is None:
            return self._walk(value)
        return self._mark(value if isinstance(value, str) else json.dumps(value))

    def _mark(self, secret: str) -> str:
        return f"***{hmac.new(self._key, secret.encode(errors='replace'), hashlib.sha256).hexdigest()[:8]}"
