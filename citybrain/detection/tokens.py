"""Signatures of priority requests: an HMAC over every field (RFC 2104, SHA-256)."""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, replace
from hashlib import sha256

from citybrain.messages import PriorityRequest


def signed(request: PriorityRequest, key: bytes) -> PriorityRequest:
    """Return the request with its token."""
    return replace(request, token=_token(request, key))


def is_genuine(request: PriorityRequest, key: bytes) -> bool:
    """Whether the token belongs to exactly these fields and this key."""
    return hmac.compare_digest(_token(request, key).encode(), str(request.token).encode())


def _token(request: PriorityRequest, key: bytes) -> str:
    fields = asdict(request)
    del fields["token"]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=str)
    return hmac.new(key, text.encode(), sha256).hexdigest()
