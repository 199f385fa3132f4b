"""Every error the service raises on purpose, as one tree.

    AutomationError
    ├── WrongUsage               a command was called with something it does not know
    ├── SettingsError            a setting is missing or wrong; named
    ├── DeliveryRefused          a delivery that is not accepted; the HTTP edge maps it to a status
    │   ├── UnknownSource        404: no such source, or one without a secret
    │   ├── BadSignature         401: `reason` is for the log, never for the sender
    │   ├── TooLarge             413
    │   ├── UnsupportedMedia     415
    │   └── BadShape             400: nested too deep or too many nodes
    ├── Unreadable               signed, but not to be understood: stored raw and parked
    ├── RuleError                a rule file or a rule cannot be used
    │   └── TemplateFailed       a template could not be rendered for this event
    ├── StepFailed               a step cannot be done; the run parks with reason and remedy
    │   ├── NotionRejected       Notion said no for good
    │   └── GuardRefused         the rule's guard says no; `on_failure = "continue"` does not pass it
    ├── StoreError
    │   ├── StoreUnavailable     nothing was stored; try again later
    │   ├── LeaseLost            another process owns this run now: stop at once
    │   └── NotInStore           no row of that id
    └── SendFailed               a request got no usable answer
        ├── NotSent              it certainly did not reach the other side
        ├── Deferred             refused for now, certainly not carried out; `seconds` to wait
        └── Doubtful             it may have been carried out

A class's docstring is its default message; facts are attributes.
"""


class AutomationError(Exception):
    """Something went wrong."""

    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class WrongUsage(AutomationError):
    """The command was called wrongly."""


class SettingsError(AutomationError):
    """A setting is missing or wrong."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}")
        self.setting = setting


class DeliveryRefused(AutomationError):
    """The delivery was not accepted."""


class UnknownSource(DeliveryRefused):
    """There is no such source, or it is closed because it has no secret."""


class BadSignature(DeliveryRefused):
    """The signature is missing or wrong."""

    def __init__(self, reason: str = "mismatch", message: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """One of: no_signature, bad_encoding, stale, future, bad_timestamp, mismatch, repeated_header."""


class TooLarge(DeliveryRefused):
    """The body is larger than this source may send."""


class UnsupportedMedia(DeliveryRefused):
    """The content type is not one this source sends."""


class BadShape(DeliveryRefused):
    """The body is nested too deep or has too many nodes."""


class Unreadable(AutomationError):
    """The delivery is signed, but its body cannot be understood."""


class RuleError(AutomationError):
    """The rule cannot be used."""


class TemplateFailed(RuleError):
    """The template could not be rendered."""


class StepFailed(AutomationError):
    """The step cannot be done."""

    def __init__(self, message: str = "", *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class NotionRejected(StepFailed):
    """Notion refused the request."""

    def __init__(self, message: str, *, status: int, code: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.code = code


class GuardRefused(StepFailed):
    """The rule's guard does not allow this."""


class StoreError(AutomationError):
    """The store could not do it."""


class StoreUnavailable(StoreError):
    """The store cannot be written now; nothing was stored."""

    retryable = True


class LeaseLost(StoreError):
    """Another process owns this run now."""


class NotInStore(StoreError):
    """The store has no such row."""


class SendFailed(AutomationError):
    """The request got no usable answer."""

    retryable = True


class NotSent(SendFailed):
    """The request did not reach the other side."""


class Deferred(SendFailed):
    """The other side asked to wait; nothing was carried out."""

    def __init__(self, message: str = "", *, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds
        """How long it asked to wait; None when it did not say."""


class Doubtful(SendFailed):
    """The request may have been carried out; its answer is lost."""
