"use client";

import Link from "next/link";
import { useState, type SubmitEvent } from "react";

import { Logo } from "@/components/logo.tsx";
import { api } from "@/lib/api.ts";
import { inPlainWords } from "@/lib/errors.ts";
import { useHydrated } from "@/lib/hooks.ts";

const WORDS = {
  "sign-up": { title: "Create your account", button: "Sign up", question: "Already have an account?", otherPath: "/sign-in", other: "Sign in" },
  "sign-in": { title: "Welcome back", button: "Sign in", question: "New to Plannoir?", otherPath: "/sign-up", other: "Sign up" },
};

const SHORTEST_PASSWORD = 8;

export function AuthForm({ mode }: { mode: "sign-up" | "sign-in" }) {
  const hydrated = useHydrated();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const words = WORDS[mode];

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const send = mode === "sign-up" ? api.signUp : api.signIn;
    setBusy(true);
    setError("");
    try {
      await send(form.get("email") as string, form.get("password") as string);
      // A full load, so that nothing remembered from before the sign-in is shown.
      window.location.assign("/tasks");
    } catch (reason) {
      setError(inPlainWords(reason));
      setBusy(false);
    }
  }

  return (
    <main className="entrance">
      <Link href="/" aria-label="Plannoir, start"><Logo /></Link>
      <div className="card form-card">
        <h1>{words.title}</h1>
        <form method="post" onSubmit={(event) => void submit(event)}>
          <div className="field">
            <label htmlFor="email">Email</label>
            <input id="email" name="email" type="email" autoComplete="email" required />
          </div>
          <div className="field">
            <label htmlFor="password">Password</label>
            <input
              id="password"
              name="password"
              type="password"
              autoComplete={mode === "sign-up" ? "new-password" : "current-password"}
              maxLength={128}
              minLength={mode === "sign-up" ? SHORTEST_PASSWORD : undefined}
              aria-describedby={mode === "sign-up" ? "password-hint" : undefined}
              required
            />
            {mode === "sign-up" && <small id="password-hint">At least {SHORTEST_PASSWORD} characters.</small>}
          </div>
          {error && <p role="alert" className="error">{error}</p>}
          <button type="submit" className="button primary wide" disabled={busy || !hydrated}>{words.button}</button>
        </form>
      </div>
      <p className="muted">
        {words.question} <Link href={words.otherPath}>{words.other}</Link>
      </p>
    </main>
  );
}
