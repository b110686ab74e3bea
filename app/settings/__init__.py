"""Settings, read from the environment and from `.env`. Each is documented in docs/settings.md and .env.example."""

from pydantic_settings import SettingsConfigDict

from app.settings.insights import InsightSettings
from app.settings.limits import LimitSettings
from app.settings.mail import MailSettings
from app.settings.queries import QuerySettings
from app.settings.server import Environment, ServerSettings
from app.settings.single_sign_on import SingleSignOnSettings
from app.settings.storage import StorageSettings
from app.settings.webhooks import WebhookSettings
from core.introspection import Introspection

__all__ = ["Environment", "Settings"]


class Settings(
    ServerSettings,
    StorageSettings,
    LimitSettings,
    QuerySettings,
    InsightSettings,
    MailSettings,
    WebhookSettings,
    SingleSignOnSettings,
):
    """Every setting. The name in the environment is that of the field in upper case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    @property
    def migrates_on_start(self) -> bool:
        """True if the service migrates the schema when it starts: by default everywhere but in production."""
        return self.env is not Environment.PROD if self.migrate_on_start is None else self.migrate_on_start

    @property
    def introspectors(self) -> Introspection:
        """The clients that may introspect the schema: by default everybody, in production nobody."""
        if self.introspection is not None:
            return self.introspection
        return Introspection.NOBODY if self.env is Environment.PROD else Introspection.EVERYBODY

    @property
    def serves_graphiql(self) -> bool:
        """True if `/graphql` serves GraphiQL to browsers: by default everywhere but in production."""
        return self.env is not Environment.PROD if self.graphiql_enabled is None else self.graphiql_enabled
