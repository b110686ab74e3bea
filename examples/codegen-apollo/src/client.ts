/** Apollo Client with cookies, renewal of the session, waiting where the service says so, and trusted documents. */

import { ApolloClient, ApolloLink, HttpLink, type InMemoryCache } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { from, switchMap, tap, timer } from 'rxjs';

import { makeCache } from './cache';
import { type Cost, codeOf, retryAfterSeconds } from './errors';
import { renew } from './session';

interface Options {
  url: string;
  /** Called when the session cannot be renewed: show the sign-in. */
  signedOut: () => void;
  /** Called with what each query cost, and what is left. */
  paid?: (cost: Cost) => void;
  cache?: InMemoryCache;
}

export function makeClient({ url, signedOut, paid, cache = makeCache() }: Options): ApolloClient {
  const renewing = new ErrorLink(({ error, operation, forward }) => {
    if (codeOf(error) !== 'UNAUTHENTICATED' || operation.getContext()['renewed']) return;
    operation.setContext({ renewed: true });
    return from(renew(client)).pipe(
      switchMap((isRenewed) => {
        if (isRenewed) return forward(operation);
        signedOut();
        throw error;
      }),
    );
  });

  const waiting = new ErrorLink(({ error, operation, forward }) => {
    const seconds = retryAfterSeconds(error);
    if (seconds === undefined || seconds > 10 || operation.getContext()['waited']) return;
    operation.setContext({ waited: true });
    return timer(seconds * 1000).pipe(switchMap(() => forward(operation)));
  });

  const costs = new ApolloLink((operation, forward) =>
    forward(operation).pipe(
      tap(({ extensions }) => {
        if (extensions?.['cost']) paid?.(extensions['cost'] as Cost);
      }),
    ),
  );

  // The build knows every document and its hash; see "Trusted documents".
  const trusted = new PersistedQueryLink({
    generateHash: (document) => (document as unknown as { __meta__: { hash: string } }).__meta__.hash,
  });

  // "include", or a browser neither keeps nor sends the cookies of another origin.
  const http = new HttpLink({ uri: url, credentials: 'include' });

  const client: ApolloClient = new ApolloClient({
    cache,
    link: ApolloLink.from([renewing, waiting, costs, trusted, http]),
    // Nobody looks at a hidden tab: its polling rests.
    defaultOptions: { watchQuery: { skipPollAttempt: () => document.hidden } },
  });
  return client;
}
