"""Settings of the mail server that invitations and links for a forgotten password are sent by."""

from typing import Self

from pydantic import SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from app.settings.rates import Rate
from core.email_addresses import checked_email_address
from core.errors import InvalidInput
from mail.options import smtp_options


class MailSettings(BaseSettings):
    """Settings of mail; without `smtp_url` none is sent."""

    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    mail_limit_per_recipient: Rate = "10/hour"
    mail_limit_per_sender: Rate = "100/hour"

    @field_validator("smtp_url")
    @classmethod
    def _readable_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            smtp_options(value.get_secret_value(), "", 1)
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                checked_email_address("mail_from", value, named=True)
            except InvalidInput as error:
                raise ValueError(
                    "must be a mail address: no-reply@example.com, or Name <no-reply@example.com>."
                ) from error
        return value

    @model_validator(mode="after")
    def _sender_known(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("SMTP_URL is set, but not the address that mails come from: MAIL_FROM.")
        return self
