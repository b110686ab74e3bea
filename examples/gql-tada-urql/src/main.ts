/** `node urql.cjs URL ORGANIZATION ACCESS REFRESH`: two clients with the same tokens, as two tabs have them. Prints JSON. */

import { makeClient, type TokenStore, type Tokens } from './client';
import { createPerson, everybody } from './people';

function storeOf(tokens: Tokens | null): TokenStore {
  return { read: () => tokens, write: (newer) => (tokens = newer) };
}

async function main(): Promise<void> {
  const [url, organization, access, refresh] = process.argv.slice(2) as [string, string, string, string];
  const stores = [storeOf({ access, refresh }), storeOf({ access, refresh })] as const;
  const [first, second] = [makeClient(url, stores[0]), makeClient(url, stores[1])];

  const lists = await Promise.all([everybody(first, organization, 7, 2), everybody(second, organization, 7, 100)]);
  const created = await createPerson(first, organization, 'dora');
  const again = await createPerson(second, organization, 'DORA');
  console.log(JSON.stringify({ lists, created, again, tokens: stores.map((store) => store.read()) }));
}

void main();
