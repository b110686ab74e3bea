import { useState, useSyncExternalStore } from 'react';

/** The slim bar above the editor: the ways to sign in, or the name of who is signed in. */
export function SessionBar({ session, ways }) {
  const user = useSyncExternalStore(session.subscribe, session.getUser);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);

  async function attempt(action) {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    setProblem(await action());
    setBusy(false);
  }

  function signIn(event) {
    event.preventDefault();
    const { username, password } = event.currentTarget.elements;
    void attempt(async () => {
      const reason = await session.signIn(username.value, password.value);
      // The form goes when this works; when it does not, the password is typed anew.
      password.value = '';
      if (reason) password.focus();
      return reason;
    });
  }

  return (
    <header className="session-bar">
      <span className="session-title">web-behavior</span>
      {user === undefined && <span className="session-state">Looking for a session…</span>}
      {user === null && ways.provider && (
        <a id="single-sign-on" className="button" href={`${ways.signIn}?returnTo=${encodeURIComponent(location.pathname)}`}>
          Sign in by {ways.provider}
        </a>
      )}
      {user === null && ways.passwords && (
        <form id="sign-in" onSubmit={signIn} aria-label="Sign in" aria-busy={busy}>
          <label>
            <span>Username</span>
            <input name="username" type="text" autoComplete="username" autoCapitalize="none" spellCheck="false" required />
          </label>
          <label>
            <span>Password</span>
            <input name="password" type="password" autoComplete="current-password" required />
          </label>
          <button type="submit" disabled={busy}>
            Sign in
          </button>
          {ways.passwordReset && <a href={ways.passwordReset}>Forgot password?</a>}
        </form>
      )}
      {user && (
        <>
          <span id="signed-in" className="session-state" role="status">
            Signed in as <strong>{user}</strong>
          </span>
          <button id="sign-out" type="button" className="quiet" disabled={busy} onClick={() => void attempt(session.signOut)}>
            Sign out
          </button>
        </>
      )}
      {problem && (
        <span id="sign-in-problem" className="session-problem" role="alert">
          {problem}
        </span>
      )}
    </header>
  );
}
