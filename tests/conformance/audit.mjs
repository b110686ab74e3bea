// Runs the audits of GraphQL over HTTP against the address given, one after the other, and prints what came of each as JSON.
import { serverAudits } from 'graphql-http';

const outcomes = [];
for (const audit of serverAudits({ url: process.argv[2] })) {
  const { id, name, status, reason, response } = await audit.fn();
  outcomes.push({ id, name, status, reason, answered: response && `${response.status} ${response.headers.get('content-type')}` });
}
console.log(JSON.stringify(outcomes));
