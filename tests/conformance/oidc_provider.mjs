// A provider of OpenID Connect for the tests: npm's oidc-provider, with people who sign in by their name alone.
// Its configuration comes as JSON: {issuer, client, people: {name: claims}, claimsIn: "id_token" | "userinfo"}.
// Each start makes new keys. POST /test/clock?seconds=-3600 sets its clock back, POST /test/people replaces people.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const { issuer, client, people, claimsIn } = JSON.parse(process.argv[2]);

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };

const now = Date.now;
let shift = 0;
Date.now = () => now() + shift;

const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys: [jwk] },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  conformIdTokenClaims: claimsIn === 'userinfo',
  findAccount: (_ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  // Nobody is asked for consent: the client is the operator's own.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});
const answer = provider.callback();

const server = createServer((request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === '/test/clock') {
    shift = 1000 * Number(url.searchParams.get('seconds'));
    response.end();
  } else if (url.pathname === '/test/people') {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      Object.assign(people, JSON.parse(body));
      response.end();
    });
  } else {
    answer(request, response);
  }
});
server.listen(Number(new URL(issuer).port), new URL(issuer).hostname);
