/** Signing in by cookies that no script can read, and renewing the session when its hour is over. */

import type { ApolloClient } from '@apollo/client';

import { graphql } from './gql';

const SignIn = graphql(`
  mutation SignIn($username: String!, $password: String!) {
    login(input: { username: $username, password: $password, delivery: COOKIE }) {
      __typename
      ... on LoginSuccess {
        expiresAt
        viewer {
          id
          username
        }
      }
      ... on Error {
        message
      }
    }
  }
`);

const Renew = graphql(`
  mutation Renew {
    refreshSession(input: { delivery: COOKIE }) {
      __typename
      ... on RefreshSessionSuccess {
        expiresAt
      }
      ... on Error {
        message
      }
    }
  }
`);

/** Sign in; the message for the person who typed when that fails. */
export async function signIn(client: ApolloClient, username: string, password: string): Promise<string | null> {
  const { data } = await client.mutate({ mutation: SignIn, variables: { username, password } });
  const result = data!.login;
  return result.__typename === 'LoginSuccess' ? null : result.message;
}

let renewal: Promise<boolean> | undefined;

/** Renew the session, once for all requests that find it expired. Other tabs may do the same at the same moment. */
export function renew(client: ApolloClient): Promise<boolean> {
  renewal ??= client
    .mutate({ mutation: Renew, fetchPolicy: 'no-cache' })
    .then(({ data }) => data?.refreshSession.__typename === 'RefreshSessionSuccess')
    .finally(() => (renewal = undefined));
  return renewal;
}
