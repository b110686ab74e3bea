/** What Apollo keeps, and how it puts together what several queries ask of the same thing. */

import { InMemoryCache, type TypePolicies } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

import generated from './gql/possible-types';

export const typePolicies: TypePolicies = {
  // Usage has no id: its cache entry is the field with all of its arguments. What cards and charts select adds up there.
  Usage: { merge: true, fields: { groups: relayStylePagination(['by', 'orderBy', 'fill']) } },
  UsageMeasures: { merge: true },
  DeepWork: { merge: true },
  // Pages follow one another in one list for each filter and order.
  Query: { fields: { extensionUsers: relayStylePagination(['where', 'orderBy']) } },
  Organization: { fields: { extensionUsers: relayStylePagination(['where', 'orderBy']) } },
};

export function makeCache(policies: TypePolicies = typePolicies): InMemoryCache {
  return new InMemoryCache({ possibleTypes: generated.possibleTypes, typePolicies: policies });
}
