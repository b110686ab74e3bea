import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useRef, useSyncExternalStore } from 'react';

const SAVED = `query SavedQueries {
  organizations(first: 10) {
    nodes { name savedQueries(first: 20) { nodes { uuid name document variables problem } } }
  }
}`;

const MARK = 'saved-question-';

/** A saved query as a tab of GraphiQL, headed by its name, its organization, and what is wrong with it, if anything. */
function tabOf({ uuid, name, document, variables, problem }, organization) {
  const heading = [`# ${name} · ${organization}`, ...(problem ? [`# Not to be run any more: ${problem}`] : [])];
  return {
    id: MARK + uuid,
    hash: MARK + uuid,
    title: name,
    query: `${heading.map((line) => line.replaceAll('\n', ' ')).join('\n')}\n${document.trim()}\n`,
    variables: JSON.stringify(variables, null, 2),
    headers: null,
    operationName: null,
    response: null,
  };
}

/** The tabs of all saved queries that the user sees; none where the service does not answer with them. */
async function fetchTabs(session) {
  const result = await session.fetcher({ query: SAVED, operationName: 'SavedQueries' }, {});
  const organizations = result.data?.organizations?.nodes ?? [];
  return organizations.flatMap(({ name, savedQueries }) =>
    (savedQueries?.nodes ?? []).map((saved) => tabOf(saved, name)),
  );
}

/** Opens the saved queries of one's organizations as tabs after signing in, behind those that are open. */
export function SavedQuestions({ session }) {
  const user = useSyncExternalStore(session.subscribe, session.getUser);
  const tabs = useGraphiQL((state) => state.tabs);
  const active = useGraphiQL((state) => state.activeTabIndex);
  const { moveTab } = useGraphiQLActions();
  const open = useRef({ tabs, active });
  open.current = { tabs, active };

  useEffect(() => {
    let current = true;

    /** Keeps the tab in which somebody is working, whatever it shows, and all that are no saved queries. */
    function replaceWith(saved) {
      const kept = open.current.tabs.filter((tab, index) => index === open.current.active || !tab.id.startsWith(MARK));
      const shown = new Set(kept.map((tab) => tab.id));
      moveTab([...kept, ...saved.filter((tab) => !shown.has(tab.id))]);
    }

    if (user === null) replaceWith([]);
    if (user) {
      fetchTabs(session)
        .then((saved) => current && replaceWith(saved))
        .catch(() => {}); // the page works without them
    }
    return () => {
      current = false;
    };
    // Only a change of user is a reason to ask.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [user]);
  return null;
}
