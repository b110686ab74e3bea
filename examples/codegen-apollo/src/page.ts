/** A page of an admin frontend: ?api= is the address of the service. Its console has the functions as `example`. */

import { makeCache } from './cache';
import { makeClient } from './client';
import { createPerson, everybody } from './people';
import { dashboard, overview, watchCards } from './dashboard';
import type { Cost } from './errors';
import { signIn } from './session';

const url = new URLSearchParams(location.search).get('api') ?? '/graphql';
const state = { signedOut: false, costs: [] as Cost[] };
const signedOut = () => (state.signedOut = true);
const paid = (cost: Cost) => state.costs.push(cost);

const client = makeClient({ url, signedOut, paid });
const forgetful = makeClient({ url, signedOut, cache: makeCache({}) });

export const example = { client, forgetful, state, signIn, everybody, createPerson, dashboard, overview, watchCards };
Object.assign(window, { example });
