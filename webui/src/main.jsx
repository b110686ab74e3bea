// The editor comes first so that its styles stand before those of GraphiQL, which override them. Importing it here
// rather than leaving it to GraphiQL's dynamic import also puts its styles into the one style sheet.
import 'monaco-graphql/esm/monaco-editor.js';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';

import { GraphiQL } from 'graphiql';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';

import { SavedQuestions } from './saved-questions.jsx';
import { SessionBar } from './session-bar.jsx';
import { createSession } from './session.js';
import { createStorage } from './storage.js';

// The workers lie beside this script; `currentScript` is only set while it runs for the first time.
const HERE = document.currentScript.src;
const WORKERS = { json: 'json.worker.js', graphql: 'graphql.worker.js' };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(WORKERS[label] ?? 'editor.worker.js', HERE), { name: label }),
};

/** The page's `[{title, query, variables}]` as GraphiQL's tabs; the title heads the query, tabs bear operation names. */
function readTabs() {
  const examples = JSON.parse(document.getElementById('examples').textContent);
  return examples.map(({ title, query, variables }) => ({ query: `# ${title}\n${query}`, variables: variables || null }));
}

/** Fetches the schema again after signing in, if the server had refused it to a stranger. */
function SchemaAfterSignIn({ session }) {
  const user = useSyncExternalStore(session.subscribe, session.getUser);
  const schema = useGraphiQL((state) => state.schema);
  const { introspect } = useGraphiQLActions();
  useEffect(() => {
    if (user && !schema) void introspect();
    // Only a change of user is a reason to ask again: a schema that stays away must not be asked for in a loop.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [user]);
  return null;
}

/** The ways to sign in that the service offers: `{passwords, passwordReset, provider, signIn, signOut}`. */
function readSignInWays() {
  return JSON.parse(document.getElementById('graphiql').dataset.signIn);
}

function Page({ session, storage, tabs, ways }) {
  return (
    <>
      <SessionBar session={session} ways={ways} />
      <main>
        <GraphiQL
          fetcher={session.fetcher}
          storage={storage}
          defaultTabs={tabs.length ? tabs : undefined}
          // GraphiQL 5 fills the first tab's query into the editor by itself, but not its variables.
          initialVariables={tabs[0]?.variables ?? undefined}
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        >
          {/* Instead of a link to GitHub. */}
          <GraphiQL.Logo>
            Graph<em>i</em>QL
          </GraphiQL.Logo>
          <SchemaAfterSignIn session={session} />
          <SavedQuestions session={session} />
        </GraphiQL>
      </main>
    </>
  );
}

const ways = readSignInWays();

createRoot(document.getElementById('graphiql')).render(
  <Page session={createSession(ways)} storage={createStorage()} tabs={readTabs()} ways={ways} />,
);
