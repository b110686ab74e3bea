"""Signing in by the provider of single sign-on.

Accounts are found by issuer and subject alone: names and mail addresses are what somebody at the provider has typed in.
"""

from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.sso.attempts import SignInAttempt
from auth.sso.groups import GroupRole
from auth.sso.identity import Callback, Identity
from core.audit import AuditAction
from core.clock import now
from core.errors import InvalidInput, InvalidProviderAnswer, NotFound, SignInRefused
from core.limits import NAME_CHARACTERS
from core.names import checked_name
from db.queries import audit_entries, identities, memberships, sign_ins, users
from db.queries.audit_entries import NewEntry
from db.timeout import database_timeout
from resolvers.attempts import record_outcome
from resolvers.caller import Client
from resolvers.services import Services, SingleSignOn
from resolvers.sign_ins import TOO_MANY, Session, begun
from resolvers.sso_memberships import follow_groups

_NAMES_TRIED = 9
_RANDOM_NAME_CHARACTERS = 8


def of(services: Services) -> SingleSignOn:
    """Return single sign-on. NotFound where it is not set up."""
    if services.single_sign_on is None:
        raise NotFound("Single sign-on is not set up here. Sign in with a password.")
    return services.single_sign_on


async def begin(services: Services, client: Client, attempt: SignInAttempt, *, anew: bool) -> str:
    """Return the provider's address for an attempt to sign in. TooManyAttempts, NotFound, ProviderUnavailable.

    `anew`: the provider asks who somebody is, even if it has signed somebody in already.
    """
    await services.throttles.sign_in_per_address.attempt(client.network, TOO_MANY)
    return await of(services).provider.sign_in_url(attempt, anew=anew)


@record_outcome("single_sign_on")
async def complete(
    services: Services, client: Client, callback: Callback, attempt: SignInAttempt | None
) -> tuple[Session, str]:
    """Sign in whom the provider's answer stands for; return the session and their id token.

    TooManyAttempts, NotFound, InvalidProviderAnswer, SignInRefused, ProviderUnavailable.
    """
    await services.throttles.sign_in_per_address.attempt(client.network, TOO_MANY)
    sso = of(services)
    if attempt is None:
        raise InvalidProviderAnswer(
            "This sign-in was begun in another browser, was completed before, or took longer than ten minutes. Begin "
            "again."
        )
    if callback.error is not None or not callback.code:
        raise InvalidProviderAnswer(f"{sso.options.name} has not signed you in. Begin again, or ask whoever runs it.")
    identity = await sso.provider.identity(callback, attempt)
    roles = sso.options.groups.roles(identity.claims)
    with database_timeout():
        async with services.database.write() as db:
            session = await _signed_in(services, db, client, identity, roles)
    if session is None:  # after the commit: roles that were taken away stay so
        raise _refusal(sso, identity)
    return session, identity.id_token


async def sign_out_url(services: Services, id_token: str | None) -> str | None:
    """Return the address where a person signs out of the provider, too."""
    return await of(services).provider.sign_out_url(id_token)


async def link_identity(services: Services, username: str, issuer: str, subject: str, *, replace: bool) -> None:
    """Link an identity to an account, from the command line. NotFound, InvalidInput.

    `replace`: take it from the account that has it, and end that one's sign-ins.
    """
    async with services.database.write() as db:
        await identities.lock(db, issuer, subject)
        user = await users.by_username(db, username)
        if user is None:
            raise NotFound(f"There is no user named {username}.")
        before = await identities.account_of(db, issuer, subject)
        if before == user.id:
            return
        if before is not None:
            if not replace:
                other = (await users.by_ids(db, [before]))[before].username
                raise InvalidInput(f"That identity is linked to {other}. To take it from them, add --replace.")
            await sign_ins.end_all(db, before)
        await identities.relink(db, issuer, subject, user.id)
        await audit_entries.add(db, NewEntry(AuditAction.IDENTITY_LINKED, None, subject_id=user.id))


async def _signed_in(
    services: Services, db: AsyncConnection, client: Client, identity: Identity, roles: list[GroupRole]
) -> Session | None:
    """Return the session of an identity, whose memberships follow its groups; None if it may do nothing here."""
    options = of(services).options
    await identities.lock(db, options.issuer, identity.subject)
    user_id = await identities.account_of(db, options.issuer, identity.subject)
    if user_id is None:
        if not roles:
            return None
        user_id = await _new_account(db, options.username_claim, identity)
        await identities.add(db, options.issuer, identity.subject, user_id)
    await users.lock(db, user_id)
    await follow_groups(db, user_id, roles)
    if options.groups.exist and not await _belongs(db, user_id):
        return None
    await identities.note_use(db, options.issuer, identity.subject)
    return await begun(services, db, client, user_id, ends_at=now() + options.session)


async def _belongs(db: AsyncConnection, user_id: UUID) -> bool:
    """True for a super admin, and for whoever is a member of any organization."""
    user = (await users.by_ids(db, [user_id]))[user_id]
    return user.is_super_admin or bool(await memberships.of_user(db, user_id))


async def _new_account(db: AsyncConnection, username_claim: str, identity: Identity) -> UUID:
    """Make an account without a password, named as the provider says if that name is free, else much like that."""
    suffix = uuid4().hex[:_RANDOM_NAME_CHARACTERS]
    name = _proposed_name(identity.claims.get(username_claim)) or f"sso-{suffix}"
    names = [name, *(_suffixed(name, str(number)) for number in range(2, _NAMES_TRIED + 1)), _suffixed(name, suffix)]
    for each in names:
        user = None if await users.by_username(db, each) else await users.create_if_free(db, each)
        if user is not None:
            details = {"superAdmin": False, "by": "single_sign_on"}
            await audit_entries.add(db, NewEntry(AuditAction.USER_CREATED, None, subject_id=user.id, details=details))
            return user.id
    raise SignInRefused("No username like yours is free here. Ask whoever runs this service to make an account.")


def _proposed_name(claim: object) -> str | None:
    try:
        return checked_name("username", claim) if isinstance(claim, str) else None
    except InvalidInput:
        return None


def _suffixed(name: str, suffix: str) -> str:
    return f"{name[: NAME_CHARACTERS - len(suffix) - 1]}-{suffix}"


def _refusal(sso: SingleSignOn, identity: Identity) -> SignInRefused:
    name = sso.options.name
    if sso.options.groups.exist:
        return SignInRefused(
            f"{name} has signed you in, but you are in none of the groups that may use this service. Ask whoever "
            f"manages them. If you have an account here, it can be linked to you: your `sub` is {identity.subject}"
        )
    return SignInRefused(
        f"{name} has signed you in, but no account here is linked to you. Whoever runs this "
        f"service can link one: your `sub` is {identity.subject}"
    )
