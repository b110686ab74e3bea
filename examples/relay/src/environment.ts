/** A Relay environment whose requests carry an access token or an API token. */

import { Environment, type FetchFunction, Network, RecordSource, Store } from 'relay-runtime';

export function makeEnvironment(url: string, token: string): Environment {
  const ask: FetchFunction = async ({ text }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  };
  return new Environment({ network: Network.create(ask), store: new Store(new RecordSource()) });
}
