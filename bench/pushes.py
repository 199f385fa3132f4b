"""Signed GitHub pushes of our own making: as large as real ones, and no two alike."""

import hmac
import json
import random
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from automation.cli.files import SAMPLES

URLS = [
    "archive_url",
    "assignees_url",
    "blobs_url",
    "branches_url",
    "clone_url",
    "collaborators_url",
    "comments_url",
    "commits_url",
    "compare_url",
    "contents_url",
    "contributors_url",
    "deployments_url",
    "downloads_url",
    "events_url",
    "forks_url",
    "git_commits_url",
    "git_refs_url",
    "git_tags_url",
    "git_url",
    "hooks_url",
    "issue_comment_url",
    "issue_events_url",
    "issues_url",
    "keys_url",
    "labels_url",
    "languages_url",
    "merges_url",
    "milestones_url",
    "notifications_url",
    "pulls_url",
    "releases_url",
    "ssh_url",
    "stargazers_url",
    "statuses_url",
    "subscribers_url",
    "subscription_url",
    "svn_url",
    "tags_url",
    "teams_url",
    "trees_url",
]
"""A repository object carries an address for everything in it.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#push"""

USER_URLS = [
    "events_url",
    "followers_url",
    "following_url",
    "gists_url",
    "organizations_url",
    "received_events_url",
    "repos_url",
    "starred_url",
    "subscriptions_url",
]

SHA = "0" * 39 + "1"


class Pushes:
    """A sender: signs one push after another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._parts = json.dumps(_payload()).encode().split(SHA.encode())
        self._run = secrets.token_hex(6)
        self.made = 0

    def delivery(self) -> tuple[Mapping[str, str], bytes]:
        """The next one, headers and body: its commit's SHA is its own."""
        self.made += 1
        sha = f"{self._run}{self.made:028x}".encode()
        body = sha.join(self._parts)
        headers = {
            "User-Agent": "GitHub-Hookshot/bench",
            "Accept": "*/*",
            "Content-Type": "application/json",
            "X-GitHub-Delivery": str(UUID(int=random.getrandbits(128))),
            "X-GitHub-Event": "push",
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": f"sha256={hmac.digest(self._secret, body, 'sha256').hex()}",
        }
        return headers, body

    def request(self) -> bytes:
        """The next one as it stands on the wire."""
        headers, body = self.delivery()
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = ["POST /hooks/github HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        return "\r\n".join([*head, *lines, "", ""]).encode() + body


def _payload() -> Mapping[str, Any]:
    """The sample push with one commit, and the addresses a real repository object has."""
    payload: dict[str, Any] = json.loads((SAMPLES / "github" / "push.json").read_bytes())
    repository = payload["repository"]
    base = repository["url"]
    repository |= {name: f"{base}/{name.removesuffix('_url')}{{/number}}" for name in URLS}
    for user in (payload["sender"], repository["owner"]):
        user["url"] = f"https://api.github.com/users/{user['login']}"
        user |= {name: f"{user['url']}/{name.removesuffix('_url')}" for name in USER_URLS}
    commit = {**payload["commits"][0], "id": SHA, "url": f"{repository['html_url']}/commit/{SHA}"}
    return {**payload, "after": SHA, "commits": [commit], "head_commit": commit}
