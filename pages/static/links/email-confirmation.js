// Confirms a mail address, once its owner says so: programs that look at links in mails confirm nothing.
import { ask, finish, hide, onSubmit, show, token } from './service.js';

onSubmit('confirm', async () => {
  const { username, email } = await ask('confirmEmail', { token });
  hide('confirm');
  finish({ username, email });
});

show('confirm');
