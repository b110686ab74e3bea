/** An organization's people in one of Relay's connections, and making one. */

import {
  commitMutation,
  createOperationDescriptor,
  type Environment,
  fetchQuery,
  getRequest,
  graphql,
} from 'relay-runtime';

import type { peopleCreateMutation } from './__generated__/peopleCreateMutation.graphql';
import type { peoplePageQuery } from './__generated__/peoplePageQuery.graphql';

const PAGE = graphql`
  query peoplePageQuery($organization: ID!, $period: Period!, $first: Int!, $after: String) {
    organization(id: $organization) {
      extensionUsers(first: $first, after: $after) @connection(key: "people_extensionUsers") {
        edges {
          node {
            username
            createdAt
            usage(period: $period) {
              total {
                events
              }
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
`;

export interface Person {
  username: string;
  createdAt: Date;
  events: number;
}

/** Everybody: each page goes into the store, where Relay appends it to the connection. */
export async function everybody(environment: Environment, organization: string, days: number, first: number) {
  const variables = { organization, period: { last: `P${days}D` }, first };
  let after: string | null = null;
  do {
    const page: peoplePageQuery['response'] | undefined = await fetchQuery<peoplePageQuery>(environment, PAGE, {
      ...variables,
      after,
    }).toPromise();
    const info: { hasNextPage: boolean; endCursor?: string | null } | undefined = page?.organization?.extensionUsers?.pageInfo;
    after = info?.hasNextPage ? (info.endCursor ?? null) : null;
  } while (after);

  const { fragment } = createOperationDescriptor(getRequest(PAGE), variables);
  const { organization: found } = environment.lookup(fragment).data as peoplePageQuery['response'];
  return (found?.extensionUsers?.edges ?? []).map(
    ({ node }): Person => ({
      username: node.username,
      createdAt: new Date(node.createdAt),
      events: node.usage?.total?.events ?? 0,
    }),
  );
}

const CREATE = graphql`
  mutation peopleCreateMutation($organization: ID!, $username: String!) {
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
`;

/** Make a person; the key, or why there is none. */
export function createPerson(environment: Environment, organization: string, username: string) {
  return new Promise<{ apiKey: string } | { failure: string; message: string }>((resolve, reject) => {
    commitMutation<peopleCreateMutation>(environment, {
      mutation: CREATE,
      variables: { organization, username },
      onError: reject,
      onCompleted({ createExtensionUser: result }) {
        if (result.apiKey !== undefined) resolve({ apiKey: result.apiKey });
        else resolve({ failure: result.__typename, message: result.message ?? '' });
      },
    });
  });
}
