/** The errors of a response: their codes, and when to come back. */

import { CombinedGraphQLErrors } from '@apollo/client';

/** What a query cost, from `extensions.cost`; null where the service has no budgets. */
export interface Cost {
  requested: number;
  limit: number;
  remaining: number | null;
  restoreRate: number | null;
  resetAt: string | null;
}

/** The code of the first error, such as UNAUTHENTICATED; undefined when the network failed. */
export function codeOf(error: unknown): string | undefined {
  if (!CombinedGraphQLErrors.is(error)) return undefined;
  return error.errors[0]?.extensions?.['code'] as string | undefined;
}

/** The seconds after which the same request may succeed; undefined when it never will. */
export function retryAfterSeconds(error: unknown): number | undefined {
  if (!CombinedGraphQLErrors.is(error)) return undefined;
  return error.errors[0]?.extensions?.['retryAfterSeconds'] as number | undefined;
}
