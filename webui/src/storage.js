/**
 * What GraphiQL remembers, in the shape of `localStorage` which its `storage` prop asks for.
 *
 * Queries, variables, headers and history can hold credentials, so they live in memory and go when the page goes.
 * The theme says nothing about anybody and is the one key that outlives a reload.
 */

const LASTING_KEY = 'graphiql:theme';

/** Runs an access to `localStorage`, which throws in browsers that deny it; the page works without. */
function ifAllowed(access) {
  try {
    return access();
  } catch {
    return null;
  }
}

export function createStorage() {
  const memory = new Map();
  return {
    get length() {
      return memory.size;
    },
    getItem(key) {
      return key === LASTING_KEY ? ifAllowed(() => localStorage.getItem(key)) : (memory.get(key) ?? null);
    },
    setItem(key, value) {
      if (key === LASTING_KEY) ifAllowed(() => localStorage.setItem(key, value));
      else memory.set(key, value);
    },
    removeItem(key) {
      memory.delete(key);
      if (key === LASTING_KEY) ifAllowed(() => localStorage.removeItem(key));
    },
    clear() {
      memory.clear();
      ifAllowed(() => localStorage.removeItem(LASTING_KEY));
    },
  };
}
