"""The scope that an API token needs to read the plain values of each type."""

from core.token_scopes import TokenScope
from execution.token_scopes import TypeScopes

_METRICS, _BEHAVIORS, _PEOPLE = TokenScope.METRICS_READ, TokenScope.BEHAVIORS_READ, TokenScope.PEOPLE_READ
_ORGANIZATION, _ADMIN = TokenScope.ORGANIZATION_READ, TokenScope.ORGANIZATION_ADMIN

TYPE_SCOPES: TypeScopes = {
    # The catalogue, the form of answers, failures.
    "Error": None,
    "Node": None,
    "PageInfo": None,
    "MeasureInfo": None,
    "PeriodPresetInfo": None,
    "RejectedBehavior": None,
    # Measures.
    "Usage": _METRICS,
    "UsageMeasures": _METRICS,
    "SessionSeconds": _METRICS,
    "ComparisonPeriods": _METRICS,
    "TimeRange": _METRICS,
    "UsageBucket": _METRICS,
    "UsageGroup": _METRICS,
    "UsageKey": _METRICS,
    "UsageTransition": _METRICS,
    "UsageDistribution": _METRICS,
    "Annotation": _METRICS,
    "Alert": _METRICS,
    "AlertPreview": _METRICS,
    "PastAlert": _METRICS,
    "DeepWork": _METRICS,
    "DeepWorkBlock": _METRICS,
    "DeepWorkBucket": _METRICS,
    "DeepWorkDomain": _METRICS,
    "FocusLevelCounts": _METRICS,
    "UsageInsight": _METRICS,
    "InsightEvidence": _METRICS,
    "InsightSentence": _METRICS,
    "ProductivityScore": _METRICS,
    "DomainBreakdown": _METRICS,
    "DomainTime": _METRICS,
    "CategoryTime": _METRICS,
    # Single events.
    "Behavior": _BEHAVIORS,
    "Session": _BEHAVIORS,
    # People.
    "ExtensionUser": _PEOPLE,
    "ExtensionUserCounts": _PEOPLE,
    # Organizations and accounts.
    "Organization": _ORGANIZATION,
    "Membership": _ORGANIZATION,
    "Team": _ORGANIZATION,
    "User": _ORGANIZATION,
    "AlertRule": _ORGANIZATION,
    "AlertCondition": _ORGANIZATION,
    "QuietHours": _ORGANIZATION,
    "CategoryRule": _ORGANIZATION,
    "CategoryRuleSet": _ORGANIZATION,
    "CategoryRulesVersion": _ORGANIZATION,
    "CategoryRulesPreview": _ORGANIZATION,
    "CategoryMove": _ORGANIZATION,
    "MembershipOffer": _ADMIN,
    "Invitation": _ADMIN,
    "AuditEntry": _ADMIN,
    "AuditDetail": _ADMIN,
    "ServiceAccount": _ADMIN,
    "Erasure": TokenScope.PEOPLE_WRITE,
    "Download": TokenScope.EXPORT,
    "SignIn": _ADMIN,
    "AccountEmail": _ADMIN,
    "PersonalAccessToken": _ADMIN,
    "InsightStatus": _ADMIN,
    "InsightFailures": _ADMIN,
    "InsightRefusals": _ADMIN,
    "InsightSkips": _ADMIN,
}
