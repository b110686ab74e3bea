import { initGraphQLTada } from 'gql.tada';

import type { introspection } from './graphql-env';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    BigInt: number;
    Date: string;
    DateTime: string;
    Duration: string;
    JSON: object;
    Time: string;
    TimeZone: string;
    UUID: string;
  };
}>();
