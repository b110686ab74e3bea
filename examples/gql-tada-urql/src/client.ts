/** urql with tokens: an access token that is renewed when its hour is over, and what all tabs share of it. */

import { cacheExchange, Client, fetchExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';

import { graphql } from './graphql';

const Refresh = graphql(`
  mutation Refresh($refreshToken: String!) {
    refreshSession(input: { refreshToken: $refreshToken }) {
      __typename
      ... on RefreshSessionSuccess {
        accessToken
        refreshToken
      }
      ... on Error {
        message
      }
    }
  }
`);

export interface Tokens {
  access: string;
  refresh: string;
}

/** Where the tabs of a browser keep their tokens: localStorage, say. */
export interface TokenStore {
  read(): Tokens | null;
  write(tokens: Tokens | null): void;
}

export function makeClient(url: string, store: TokenStore): Client {
  const auth = authExchange(async (utils) => ({
    addAuthToOperation(operation) {
      const tokens = store.read();
      return tokens ? utils.appendHeaders(operation, { Authorization: `Bearer ${tokens.access}` }) : operation;
    },
    didAuthError: ({ graphQLErrors }) => graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED'),
    async refreshAuth() {
      const tokens = store.read();
      if (!tokens) return;
      const { data } = await utils.mutate(Refresh, { refreshToken: tokens.refresh });
      const result = data?.refreshSession;
      if (result?.__typename === 'RefreshSessionSuccess') {
        store.write({ access: result.accessToken!, refresh: result.refreshToken! });
      } else if (result?.__typename === 'InvalidRefreshToken') {
        store.write(null); // signed out, here or elsewhere
      }
    },
  }));
  // Within the length of a URL urql sends queries by GET, where the service believes no cookies, and proxies log them.
  return new Client({ url, preferGetMethod: false, exchanges: [cacheExchange, auth, fetchExchange] });
}
