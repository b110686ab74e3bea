// Sets a new password by a link; without one, asks for a link.
import { ask, finish, hide, onSubmit, show, token } from './service.js';

onSubmit('request', async ({ username }) => {
  await ask('requestPasswordReset', { username: username.value });
  hide('request');
  show('requested');
});

onSubmit('reset', async ({ password, again }) => {
  if (password.value !== again.value) throw new Error('The two passwords differ.');
  const { username } = await ask('resetPassword', { token, newPassword: password.value });
  hide('reset');
  finish({ username });
});

show(token ? 'reset' : 'request');
