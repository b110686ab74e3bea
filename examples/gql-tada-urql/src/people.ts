/** An organization's people, page by page, and making one. */

import type { Client } from '@urql/core';

import { graphql } from './graphql';

const PeoplePage = graphql(`
  query PeoplePage($organization: ID!, $period: Period!, $first: Int!, $after: String) {
    organization(id: $organization) {
      id
      extensionUsers(first: $first, after: $after) {
        nodes {
          id
          uuid
          username
          createdAt
          usage(period: $period, timezone: "Europe/Berlin") {
            timezone
            total {
              events
              activeSeconds
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** Everybody, page after page. */
export async function everybody(client: Client, organization: string, days: number, first: number) {
  const people: { id: string; username: string; createdAt: Date; events: number; zone: string }[] = [];
  let after: string | null = null;
  do {
    const variables: { organization: string; period: { last: string }; first: number; after: string | null } = {
      organization,
      period: { last: `P${days}D` },
      first,
      after,
    };
    const { data, error } = await client.query(PeoplePage, variables);
    if (error) throw error;
    const page = data?.organization?.extensionUsers;
    for (const { uuid, username, createdAt, usage } of page?.nodes ?? []) {
      const events = usage?.total?.events ?? 0;
      people.push({ id: uuid, username, createdAt: new Date(createdAt), events, zone: usage?.timezone ?? '' });
    }
    after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  return people;
}

const CreatePerson = graphql(`
  mutation CreatePerson($organization: ID!, $username: String!) {
    createExtensionUser(input: { organizationId: $organization, username: $username }) {
      __typename
      ... on CreateExtensionUserSuccess {
        apiKey
      }
      ... on Error {
        message
      }
    }
  }
`);

/** Make a person; the key, or why there is none. */
export async function createPerson(client: Client, organization: string, username: string) {
  const { data, error } = await client.mutation(CreatePerson, { organization, username });
  if (error) throw error;
  const result = data!.createExtensionUser;
  return result.__typename === 'CreateExtensionUserSuccess'
    ? { apiKey: result.apiKey }
    : { failure: result.__typename, message: result.message };
}
