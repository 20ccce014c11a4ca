"""Text messages through SNS and e-mail through SES. Sent once a call: whether to try again is decided above."""

from __future__ import annotations

from typing import Any

from chalicelib.adapters.aws import NOT_ANSWERING, code_of, never_sent, temporary
from chalicelib.domain.deliveries import OutcomeUnknown, Undeliverable, Unreachable


class SnsTextMessages:
    """`services.ports.TextMessages`. `client` must not retry by itself."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, phone: str, text: str) -> str:
        try:
            answer = self._client.publish(
                PhoneNumber=phone,
                Message=text,
                MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
            )
        except NOT_ANSWERING as error:
            raise _meaning(error) from error
        return str(answer["MessageId"])


class SesMail:
    """`services.ports.Mail`. `client` must not retry by itself."""

    def __init__(self, client: Any, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, address: str, subject: str, body: str) -> str:
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [address]},
                Content={
                    "Simple": {
                        "Subject": {"Data": subject, "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": body, "Charset": "UTF-8"}},
                    }
                },
            )
        except NOT_ANSWERING as error:
            raise _meaning(error) from error
        return str(answer["MessageId"])


def _meaning(error: Exception) -> Exception:
    code = code_of(error)
    if not never_sent(error):
        return OutcomeUnknown(code)
    return Unreachable(code) if temporary(error) or code in _NOT_THE_MESSAGES_FAULT else Undeliverable(code)


_NOT_THE_MESSAGES_FAULT = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ExpiredToken",
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "SendingPausedException",
    "AccountSuspendedException",
    "MailFromDomainNotVerifiedException",
    "KMSAccessDenied",
}
