// Accepts an invitation: as whoever is signed in, by signing in, or with a new account.
import { ask, attempt, element, finish, hide, keepToken, onSubmit, show, token } from './service.js';

function word(role) {
  return role.toLowerCase();
}

async function accept(newAccount) {
  const { username, organizationName, role } = await ask('acceptInvitation', { token, newAccount });
  hide('invited');
  finish({ username, 'done-organization': organizationName, 'done-role': word(role) });
}

async function showSignedIn() {
  try {
    const { username } = await ask('viewer');
    hide('as-stranger');
    show('as-viewer', { viewer: username });
  } catch {
    show('as-stranger');
  }
}

onSubmit('accept', () => accept());
element('single-sign-on')?.addEventListener('click', keepToken);
onSubmit('new-account', ({ username, password }) => accept({ username: username.value, password: password.value }));
onSubmit('sign-in', async ({ username, password }) => {
  await ask('signIn', { username: username.value, password: password.value, delivery: 'COOKIE' });
  await showSignedIn(); // should accepting fail, it is not signed in again
  await accept();
});

await attempt(async () => {
  const { organizationName, role } = await ask('openInvitation', { token });
  await showSignedIn();
  show('invited', { organization: organizationName, role: word(role) });
});
