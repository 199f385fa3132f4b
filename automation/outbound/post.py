"""One POST to a service of our own, for `automation send` and the demo."""

from collections.abc import Mapping

import httpx

from automation.model.errors import NotSent


def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and text of the answer. Raises NotSent."""
    try:
        answer = httpx.post(url, content=body, headers=dict(headers), timeout=15, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(
            f"{url} cannot be reached ({error}); is `automation serve` running?"
        ) from error
    return answer.status_code, answer.text
