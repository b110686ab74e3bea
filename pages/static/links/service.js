// What the pages of links share: the token, the service, and what is shown.

/** The token of the link. It is in the fragment, so it was sent to nobody yet. */
export const token = location.hash.slice(1) || keptToken();

/** Keeps the token in this tab, for a way that leads back here without it: by single sign-on. */
export function keepToken() {
  sessionStorage.setItem(location.pathname, token);
}

/** Returns the token that was kept, to the address bar, too: it is as if the link had been opened again. */
function keptToken() {
  const kept = sessionStorage.getItem(location.pathname);
  if (kept === null) return '';
  sessionStorage.removeItem(location.pathname);
  history.replaceState(null, '', `#${kept}`);
  return kept;
}

// A link that is pasted into the same tab changes the fragment alone, and loads nothing.
addEventListener('hashchange', () => location.reload());

const documents = JSON.parse(element('documents').textContent);

export function element(id) {
  return document.getElementById(id);
}

export function show(id, texts = {}) {
  for (const [name, text] of Object.entries(texts)) element(name).textContent = text;
  element(id).hidden = false;
}

export function hide(id) {
  element(id).hidden = true;
}

/** Shows the end of the way: the token is used up and leaves the address bar, and one may go on. */
export function finish(texts) {
  history.replaceState(null, '', location.pathname);
  show('done', texts);
  if (element('onward')) show('onward');
}

function showProblem(message) {
  show('problem', { problem: message });
}

/** Runs one of pages/operations; returns what its field answers. Throws an Error whose message is fit to be shown. */
export async function ask(name, input) {
  const response = await fetch('/graphql', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ documentId: documents[name], variables: input === undefined ? {} : { input } }),
  }).catch(() => {
    throw new Error('The server does not answer. Try again later.');
  });
  const result = await response.json().catch(() => {
    throw new Error(`The server answered HTTP ${response.status}. Try again later.`);
  });
  if (result.errors) throw new Error(result.errors[0].message);
  const [answer] = Object.values(result.data);
  if ('message' in answer) throw new Error(answer.message);
  return answer;
}

/** Does something that may fail; what fails is shown. */
export async function attempt(action) {
  hide('problem');
  try {
    await action();
  } catch (error) {
    showProblem(error.message);
  }
}

/** Has a form do something when it is sent, one at a time; a page may do without the form. */
export function onSubmit(id, action) {
  const form = element(id);
  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    await attempt(() => action(form.elements));
    button.disabled = false;
  });
}
