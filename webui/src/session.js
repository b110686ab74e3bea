/**
 * Who is signed in, and the GraphQL calls that find out and change it.
 *
 * The server keeps both tokens in HttpOnly cookies (`delivery: COOKIE`): no token passes through this page, which knows
 * only the user's name.
 */

import { parse } from 'graphql';

const ENDPOINT = '/graphql';

const VIEWER = 'query Viewer { viewer { username } }';
const REFRESH = 'mutation Refresh { refreshSession(input: {delivery: COOKIE}) { __typename } }';
const SIGN_OUT = 'mutation SignOut { logout { __typename } }';
const SIGN_IN = `mutation SignIn($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on LoginSuccess { viewer { username } }
    ... on Error { message }
  }
}`;

/** Sends one operation and returns the GraphQL result, whatever its HTTP status; throws if the answer is not one. */
async function post(operation, headers = {}) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json', // what is refused, too, answers 200: the browser's console is no place for it
      ...headers,
    },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${response.status} ${response.statusText}: the answer is not JSON`);
  }
}

function isUnauthenticated(result) {
  return Array.isArray(result?.errors) && result.errors.some((error) => error.extensions?.code === 'UNAUTHENTICATED');
}

/**
 * Whether sending the operation again can do nothing twice: it is a query, or none of its mutations did anything.
 * `documentAST` is GraphiQL's parse of the editor; introspection comes without one and is a query.
 */
function isRepeatable(result, operationName, documentAST) {
  const operations = documentAST?.definitions.filter((node) => node.kind === 'OperationDefinition') ?? [];
  const operation = operations.find((node) => node.name?.value === operationName) ?? operations[0];
  if (!operation || operation.operation === 'query') return true;
  return Object.values(result.data ?? {}).every((value) => value === null);
}

/** One refresh at a time over all tabs: the server takes a second use of a refresh token for a theft after ten seconds. */
function oneTabAtATime(task) {
  return navigator.locks ? navigator.locks.request('web-behavior:refresh', task) : task();
}

/**
 * The operation, without a name that its document does not hold: for a moment after a change of tabs, GraphiQL still
 * sends the name of the tab before.
 */
function ofThisDocument(operation) {
  try {
    const names = parse(operation.query).definitions.map((definition) => definition.name?.value);
    return names.includes(operation.operationName) ? operation : { ...operation, operationName: undefined };
  } catch {
    return operation; // the server says what is wrong with the document
  }
}

/**
 * The session as a store for React's `useSyncExternalStore`.
 *
 * `ways` are those to sign in that the service offers. Its state is `undefined` while unknown, `null` when signed out, and the user's name when signed in.
 */
export function createSession(ways) {
  let user;
  let refreshing = null;
  const listeners = new Set();

  function set(value) {
    user = value;
    for (const listener of listeners) listener();
  }

  /** Trades the refresh cookie for a new pair; true if there now is a session. Concurrent callers share one attempt. */
  function refresh() {
    refreshing ??= oneTabAtATime(() => post({ query: REFRESH, operationName: 'Refresh' }))
      .then((result) => result.data?.refreshSession?.__typename === 'RefreshSessionSuccess')
      .catch(() => false)
      .finally(() => {
        refreshing = null;
      });
    return refreshing;
  }

  /** Ends the session; whoever signed in at the provider is led there, and back when they have signed out. */
  async function signOutOfBoth() {
    const response = await fetch(ways.signOut, { method: 'POST', credentials: 'same-origin' });
    const { data, message } = await response.json();
    if (!response.ok) return message;
    set(null);
    if (data.url) location.assign(data.url);
    return null;
  }

  async function viewer() {
    const operation = { query: VIEWER, operationName: 'Viewer' };
    let result = await post(operation);
    if (isUnauthenticated(result) && (await refresh())) result = await post(operation);
    return result.data?.viewer?.username ?? null;
  }

  /** Sends an operation of the editor's; an expired session is refreshed and the operation sent again, once. */
  async function execute(operation, { headers, documentAST } = {}) {
    const result = await post(operation, headers);
    if (!isUnauthenticated(result)) return result;
    if (!(await refresh())) {
      set(null);
      return result;
    }
    if (user === null) set(await viewer().catch(() => null));
    return isRepeatable(result, operation.operationName, documentAST) ? post(operation, headers) : result;
  }

  // The first operation waits for this, so that introspection and the viewer query do not both find an old cookie.
  const settled = viewer().then(set, () => set(null));

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getUser: () => user,

    /** Signs in; returns null, or the reason why not as a sentence to show. */
    async signIn(username, password) {
      try {
        const variables = { input: { username, password, delivery: 'COOKIE' } };
        const result = await post({ query: SIGN_IN, variables, operationName: 'SignIn' });
        const login = result.data?.login;
        if (login?.__typename === 'LoginSuccess') {
          set(login.viewer?.username ?? username);
          return null;
        }
        return login?.message ?? result.errors?.[0]?.message ?? 'The server refused without saying why.';
      } catch (error) {
        return `No answer from the server (${error.message}).`;
      }
    },

    /**
     * Signs out; returns null, or the reason why not as a sentence to show. After single sign-on it leads to the
     * provider, to sign out there, too.
     */
    async signOut() {
      try {
        if (ways.provider) return await signOutOfBoth();
        const result = await post({ query: SIGN_OUT, operationName: 'SignOut' });
        // Without a valid session there is nothing left to end.
        if (result.errors && !isUnauthenticated(result)) return result.errors[0].message;
        set(null);
        return null;
      } catch (error) {
        return `No answer from the server (${error.message}).`;
      }
    },

    /** GraphiQL's fetcher. What it throws is shown in the result pane, where a stack of minified names says nothing. */
    async fetcher(operation, options) {
      try {
        await settled;
        return await execute(ofThisDocument(operation), options);
      } catch (error) {
        delete error.stack;
        throw error;
      }
    },
  };
}
