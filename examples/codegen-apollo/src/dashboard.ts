/** Two parts of a dashboard that ask for the same usage, each for what it shows. */

import type { ApolloClient } from '@apollo/client';

import { graphql } from './gql';
import type { CardsQueryVariables, OverviewQueryVariables } from './gql/graphql';

const Cards = graphql(`
  query Cards($organization: ID!, $period: Period!) {
    organization(id: $organization) {
      id
      usage(period: $period) {
        asOf
        total {
          events
          activeSeconds
        }
      }
    }
  }
`);

const Chart = graphql(`
  query Chart($organization: ID!, $period: Period!) {
    organization(id: $organization) {
      id
      usage(period: $period) {
        total {
          users
        }
        series(every: DAY) {
          start
          measures {
            activeSeconds
          }
        }
      }
    }
  }
`);

/** Ask for both parts, one after the other; null for one that the cache does not hold any more afterwards. */
export async function dashboard(client: ApolloClient, variables: CardsQueryVariables) {
  await client.query({ query: Cards, variables });
  await client.query({ query: Chart, variables });
  return {
    cards: client.readQuery({ query: Cards, variables })?.organization?.usage ?? null,
    chart: client.readQuery({ query: Chart, variables })?.organization?.usage ?? null,
  };
}

const Overview = graphql(`
  query Overview($organization: ID!, $period: Period!, $by: [UsageDimension!]!) {
    organization(id: $organization) {
      id
      usage(period: $period) {
        total {
          events
        }
        groups(by: $by, first: 5) {
          totalCount
        }
      }
    }
  }
`);

/** What is answered although a part of the question is refused: that part is null, and `problem` says why. */
export async function overview(client: ApolloClient, variables: OverviewQueryVariables) {
  const { data, error } = await client.query({ query: Overview, variables, errorPolicy: 'all' });
  const usage = data?.organization?.usage;
  return { total: usage?.total?.events, groups: usage?.groups?.totalCount, problem: error?.message };
}

/** Show the cards anew every half minute, as long as the tab can be seen. */
export function watchCards(client: ApolloClient, variables: CardsQueryVariables, show: (events: number) => void) {
  return client.watchQuery({ query: Cards, variables, pollInterval: 30_000 }).subscribe(({ data }) => {
    const events = data?.organization?.usage?.total?.events;
    if (events !== undefined) show(events);
  });
}
