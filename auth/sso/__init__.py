"""Single sign-on by OpenID Connect: the authorization code flow with PKCE, at any provider that its issuer URL tells.

options.py    the provider's configuration
attempts.py   what a browser keeps between leaving for the provider and coming back
identity.py   what comes back from the provider
endpoint.py   the HTTP connection: bounded, and free of the environment's influence
metadata.py   the addresses that the provider publishes
id_tokens.py  the verification of id tokens
groups.py     the memberships that a person's groups stand for
provider.py   puts them together: an address to leave for, a code in, an identity out
"""
