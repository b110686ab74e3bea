/** An organization's people, page by page, and making one. */

import type { ApolloClient } from '@apollo/client';

import { graphql } from './gql';
import type { PeoplePageQueryVariables } from './gql/graphql';

const PeoplePage = graphql(`
  query PeoplePage($organization: ID!, $period: Period!, $first: Int!, $after: String) {
    organization(id: $organization) {
      id
      extensionUsers(first: $first, after: $after) {
        edges {
          cursor
          node {
            id
            username
            createdAt
            usage(period: $period) {
              total {
                events
                activeSeconds
              }
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
        totalCount
      }
    }
  }
`);

export interface Person {
  username: string;
  createdAt: Date;
  events: number;
  activeMinutes: number;
}

/** Everybody, asked for page after page into one list of the cache. */
export async function everybody(client: ApolloClient, variables: PeoplePageQueryVariables): Promise<Person[]> {
  const { data } = await client.query({ query: PeoplePage, variables });
  const list = client.watchQuery({ query: PeoplePage, variables });
  let page = data?.organization?.extensionUsers?.pageInfo;
  while (page?.hasNextPage) {
    const more = await list.fetchMore({ variables: { after: page.endCursor } });
    page = more.data?.organization?.extensionUsers?.pageInfo;
  }
  const people = client.readQuery({ query: PeoplePage, variables })?.organization?.extensionUsers;
  return (people?.edges ?? []).map(({ node }) => ({
    username: node.username,
    createdAt: new Date(node.createdAt),
    events: node.usage?.total?.events ?? 0,
    activeMinutes: Math.round((node.usage?.total?.activeSeconds ?? 0) / 60),
  }));
}

const CreatePerson = graphql(`
  mutation CreatePerson($organization: ID!, $username: String!) {
    createExtensionUser(input: { organizationId: $organization, username: $username }) {
      __typename
      ... on CreateExtensionUserSuccess {
        apiKey
        extensionUser {
          id
          username
          organization {
            id
          }
        }
      }
      ... on Error {
        message
      }
    }
  }
`);

type Created = { apiKey: string } | { nameTaken: string } | { problem: string };

/** Make a person. A name that is taken is something that a form shows beside its field. */
export async function createPerson(client: ApolloClient, organization: string, username: string): Promise<Created> {
  const { data } = await client.mutate({
    mutation: CreatePerson,
    variables: { organization, username },
    update(cache, { data }) {
      const made = data?.createExtensionUser;
      if (made?.__typename !== 'CreateExtensionUserSuccess') return;
      // The lists that are kept do not have the new person: they are asked for again when they are shown next.
      cache.evict({ id: cache.identify(made.extensionUser.organization), fieldName: 'extensionUsers' });
    },
  });
  const result = data!.createExtensionUser;
  switch (result.__typename) {
    case 'CreateExtensionUserSuccess':
      return { apiKey: result.apiKey };
    case 'NameTaken':
      return { nameTaken: result.message };
    default:
      return { problem: result.message };
  }
}
