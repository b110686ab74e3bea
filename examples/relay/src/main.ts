/** `node relay.cjs URL ORGANIZATION TOKEN`: everybody in pages of two, and a person made twice. Prints JSON. */

import { makeEnvironment } from './environment';
import { createPerson, everybody } from './people';

async function main(): Promise<void> {
  const [url, organization, token] = process.argv.slice(2) as [string, string, string];
  const environment = makeEnvironment(url, token);

  const people = await everybody(environment, organization, 7, 2);
  const created = await createPerson(environment, organization, 'emil');
  const again = await createPerson(environment, organization, 'EMIL');
  console.log(JSON.stringify({ people, created, again }));
}

void main();
